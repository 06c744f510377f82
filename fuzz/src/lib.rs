//! What several fuzz targets share.

pub mod certificates;
pub mod edit;
pub mod input;
pub mod returning;
pub mod seeds;
