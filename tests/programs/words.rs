// SPDX-License-Identifier: MIT
// Counts words of a file: collections, iterators, files, errors, environment, exit code.
use std::collections::BTreeMap;
use std::io::Write;

fn main() {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    let path = std::env::args().nth(1).expect("a file");
    let text = std::fs::read_to_string(&path).expect("readable");
    for word in text.split_whitespace() {
        *counts.entry(word.to_lowercase()).or_default() += 1;
    }
    for (word, count) in &counts {
        println!("{word} {count}");
    }
    println!("{}", std::env::var("NAME").unwrap_or_default());
    let mut out = std::fs::File::create("/data/out.txt").expect("writable");
    write!(out, "{}", counts.len()).unwrap();
    println!("{}", std::fs::metadata("/data/out.txt").unwrap().len());
    println!("{:?}", std::fs::read("/data/../secret").is_err());
    std::process::exit(3);
}
