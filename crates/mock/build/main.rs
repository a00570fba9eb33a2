//! Writes the tables of the tokenizers, as they are used.
//!
//! A tokenizer that is built from its published form when it is first asked takes longer than the
//! double may take to answer, and tens of megabytes. These tables are read where they lie in the
//! program.

#![expect(clippy::print_stdout, reason = "cargo is told so")]

mod classes;
#[path = "../src/tokens/hash.rs"]
mod hash;
mod vocabulary;

use std::path::PathBuf;
use std::{env, error, fs};

fn main() -> Result<(), Box<dyn error::Error>> {
    let folder = PathBuf::from(env::var("OUT_DIR")?);
    fs::write(folder.join("classes"), classes::table()?)?;
    vocabulary::write(&folder, "o200k", &tiktoken_rs::o200k_base()?)?;
    vocabulary::write(&folder, "cl100k", &tiktoken_rs::cl100k_base()?)?;
    println!("cargo::rerun-if-changed=build");
    println!("cargo::rerun-if-changed=src/tokens/hash.rs");
    Ok(())
}
