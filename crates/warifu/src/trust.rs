//! Which certificates this side believes.
