//! The one integration binary. Every file of this folder is a module here (see `borders`).

mod bdb;
mod borders;
mod bt;
mod m4;
mod cf;
mod maps;
mod makemap;
