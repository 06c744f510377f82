//! Safe face of AWS-LC for warifu.
