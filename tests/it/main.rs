//! The one integration binary. Every file of this folder is a module here (see `borders`).

mod bdb;
mod borders;
mod cf;
mod crash;
mod explain;
mod house;
mod keeper_size;
mod line_ends;
mod lint;
mod m4;
mod makemap;
mod maps;
mod mc;
mod mc_mistakes;
mod names;
mod options;
mod outside;
mod relay;
mod scratch;
mod security;
mod smtp;
mod sources;
mod supervisor;
mod terminal;
mod testing;
mod tryout;
