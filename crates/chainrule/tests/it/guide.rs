//! The guide says the same in both languages, and so do both READMEs.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

const GUIDE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src/guide");
const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");

fn read(path: &str) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The names of the pages in a language's folder.
fn pages(language: &str) -> BTreeSet<String> {
    let folder = fs::read_dir(Path::new(GUIDE).join(language)).unwrap();
    folder.map(|file| file.unwrap().file_name().into_string().unwrap()).collect()
}

/// The fenced blocks of a page: what is behind the opening fence, and the lines between the fences.
fn blocks(page: &str) -> Vec<(&str, Vec<&str>)> {
    let mut blocks: Vec<(&str, Vec<&str>)> = Vec::new();
    let mut is_inside = false;
    for line in page.lines() {
        match line.strip_prefix("```") {
            Some(kind) if !is_inside => blocks.push((kind, Vec::new())),
            None if is_inside => blocks.last_mut().expect("a block was begun").1.push(line),
            _ => {}
        }
        is_inside ^= line.starts_with("```");
    }
    assert!(!is_inside, "the last block has no end");
    blocks
}

/// What runs: blocks of Rust and of shell commands, without comments, which are in the language of the page.
fn code(page: &str) -> Vec<(&str, Vec<&str>)> {
    let mut code = blocks(page);
    code.retain(|(kind, _)| kind.starts_with("rust") || *kind == "sh");
    for (_, lines) in &mut code {
        for line in lines.iter_mut() {
            *line = line.split("//").next().unwrap_or_default().trim_end();
        }
        lines.retain(|line| !line.is_empty());
    }
    code
}

/// How often every number with a decimal point occurs: what was measured or computed.
fn decimals(page: &str) -> BTreeMap<&str, usize> {
    let mut decimals = BTreeMap::new();
    for word in page.split(|c: char| !c.is_ascii_digit() && c != '.') {
        let word = word.trim_end_matches('.');
        if word.contains('.') && word.starts_with(|c: char| c.is_ascii_digit()) {
            *decimals.entry(word).or_default() += 1;
        }
    }
    decimals
}

/// The pages and items that a page refers to, whichever language's guide it refers to.
fn links(page: &str) -> Vec<String> {
    let targets = page.split("](").skip(1).filter_map(|rest| rest.split(')').next());
    let mut links: Vec<String> = targets
        .filter(|target| target.starts_with("crate::"))
        .map(|target| target.replace("guide::ko", "guide").split('#').next().unwrap_or_default().to_string())
        .collect();
    links.sort();
    links
}

#[test]
fn every_page_is_there_in_both_languages_and_in_the_documentation() {
    let english = pages("en");
    assert_eq!(english, pages("ko"));
    assert_eq!(english.len(), 13);
    for (language, module) in [("en", "mod.rs"), ("ko", "ko.rs")] {
        let source = read(&format!("{GUIDE}/{module}"));
        let index = read(&format!("{GUIDE}/{language}/index.md"));
        for page in &english {
            assert!(source.contains(&format!("include_str!(\"{language}/{page}\")")), "{language}/{page}");
            let name = page.strip_suffix(".md").unwrap();
            if name != "index" {
                assert!(source.contains(&format!("pub mod {name} {{}}")), "{language}/{page}");
                let link = if language == "en" { "crate::guide::" } else { "crate::guide::ko::" };
                assert!(
                    index.contains(&format!("({link}{name})")),
                    "{language}/index.md has no link to {name}"
                );
            }
        }
    }
}

#[test]
fn both_languages_have_the_same_code() {
    let mut n_blocks = 0;
    for page in pages("en") {
        let (english, korean) = (read(&format!("{GUIDE}/en/{page}")), read(&format!("{GUIDE}/ko/{page}")));
        assert_eq!(code(&english), code(&korean), "{page}");
        n_blocks += code(&english).len();
    }
    assert!(n_blocks >= 40, "{n_blocks} blocks were found");
}

#[test]
fn both_languages_have_the_same_numbers_and_links() {
    for page in pages("en") {
        let (english, korean) = (read(&format!("{GUIDE}/en/{page}")), read(&format!("{GUIDE}/ko/{page}")));
        assert_eq!(decimals(&english), decimals(&korean), "{page}");
        assert_eq!(links(&english), links(&korean), "{page}");
    }
}

#[test]
fn pages_stay_short() {
    for language in ["en", "ko"] {
        for page in pages(language) {
            let n_lines = read(&format!("{GUIDE}/{language}/{page}")).lines().count();
            assert!(n_lines <= 250, "{language}/{page} has {n_lines} lines");
        }
    }
}

#[test]
fn both_readmes_have_the_same_code() {
    let (english, korean) = (read(&format!("{ROOT}/README.md")), read(&format!("{ROOT}/README.ko.md")));
    let rust = |readme: &str| -> Vec<String> {
        let blocks = blocks(readme).into_iter().filter(|(kind, _)| kind.starts_with("rust"));
        blocks.map(|(kind, lines)| format!("{kind}\n{}", lines.join("\n"))).collect()
    };
    assert!(!rust(&english).is_empty());
    assert_eq!(rust(&english), rust(&korean));
}

/// The comparisons above have to see a difference.
#[test]
fn differences_are_seen() {
    let page = "é\n```rust,no_run\nlet x = 1.5; // one\n// two\n```\n0.25, [a](crate::guide::ko::b#c)\n";
    assert_eq!(code(page), [("rust,no_run", vec!["let x = 1.5;"])]);
    assert_eq!(decimals(page), BTreeMap::from([("0.25", 1), ("1.5", 1)]));
    assert_eq!(links(page), ["crate::guide::b"]);
    for (from, to) in [("let x", "let y"), ("rust,no_run", "rust")] {
        assert_ne!(code(page), code(&page.replace(from, to)));
    }
    assert_ne!(decimals(page), decimals(&page.replace("0.25", "0.26")));
    assert_ne!(links(page), links(&page.replace("b#c", "d")));
}
