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

/// Where the links of a page lead, by their names: on a code host to a file, in the documentation to an item.
fn definitions(page: &str) -> BTreeMap<&str, &str> {
    page.lines().filter_map(|line| line.strip_prefix('[')?.split_once("]: ")).collect()
}

/// The names of the links that a page uses. Those in its code are none.
fn links(page: &str) -> Vec<&str> {
    let mut is_code = false;
    let mut links: Vec<&str> = Vec::new();
    for part in page.split("```") {
        if !is_code {
            links.extend(part.split("][").skip(1).filter_map(|rest| rest.split(']').next()));
        }
        is_code = !is_code;
    }
    links.sort_unstable();
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
            // With the documentation's links before it.
            let included = ["links_{language}.md", "{language}/{page}"].map(|file| {
                format!(
                    "doc = include_str!(\"{}\")]",
                    file.replace("{language}", language).replace("{page}", page)
                )
            });
            let at = included.each_ref().map(|included| format!("[{included}"));
            let with_links = [format!("#{}\n#{}", at[0], at[1]), format!("#!{}\n#!{}", at[0], at[1])];
            assert!(with_links.iter().any(|lines| source.contains(lines)), "{language}/{page}");
            let name = page.strip_suffix(".md").unwrap();
            if name != "index" {
                assert!(source.contains(&format!("pub mod {name} {{}}")), "{language}/{page}");
                assert!(links(&index).contains(&name), "{language}/index.md has no link to {name}");
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
        let same = |links: Vec<&str>| -> Vec<String> {
            links
                .into_iter()
                .map(|link| link.replace("guide-ko", "other").replace("guide-en", "other"))
                .collect()
        };
        assert_eq!(same(links(&english)), same(links(&korean)), "{page}");
    }
}

/// A page is read on a code host as a file, and in the documentation as an item.
#[test]
fn every_link_leads_somewhere_in_both_places() {
    let folders = [format!("{GUIDE}/en"), format!("{GUIDE}/ko")];
    for (folder, language) in folders.iter().zip(["en", "ko"]) {
        let documentation = read(&format!("{GUIDE}/links_{language}.md"));
        let items = definitions(&documentation);
        assert!(items.values().all(|item| item.starts_with("crate::")), "{items:?}");
        for name in pages(language) {
            let page = read(&format!("{folder}/{name}"));
            let files = definitions(&page);
            assert!(!page.contains("](crate::"), "{language}/{name} has a link that no code host can follow");
            for link in links(&page) {
                let file =
                    files.get(link).unwrap_or_else(|| panic!("{language}/{name}: [{link}] leads nowhere"));
                let file = file.split('#').next().unwrap_or_default();
                assert!(Path::new(folder).join(file).exists(), "{language}/{name}: {file}");
                assert!(items.contains_key(link), "links_{language}.md has no [{link}]");
            }
            assert!(files.keys().all(|link| links(&page).contains(link)), "{language}/{name}: unused links");
        }
    }
}

/// Files that a README refers to.
#[test]
fn every_link_of_the_readmes_leads_somewhere() {
    for readme in ["README.md", "README.ko.md"] {
        let page = read(&format!("{ROOT}/{readme}"));
        let targets = page.split("](").skip(1).filter_map(|rest| rest.split([')', '#']).next());
        for target in targets.filter(|target| !target.starts_with("http")) {
            assert!(Path::new(ROOT).join(target).exists(), "{readme}: {target}");
        }
    }
}

/// A Hangul letter is not twice as wide as a Latin one in every font: what stands behind one is in no column. And what is
/// wider than the page is cut.
#[test]
fn formulas_are_in_columns_and_fit_the_page() {
    let is_hangul = |c: char| ('가'..='힣').contains(&c);
    for language in ["en", "ko"] {
        for name in pages(language) {
            let page = read(&format!("{GUIDE}/{language}/{name}"));
            for (_, lines) in blocks(&page).into_iter().filter(|(kind, _)| *kind == "text") {
                for line in lines {
                    let width: usize = line.chars().map(|c| 1 + usize::from(is_hangul(c))).sum();
                    assert!(width <= 96, "{language}/{name}: {width} columns: {line}");
                    let behind = line.split_once(is_hangul).map_or("", |(_, behind)| behind);
                    assert!(!behind.contains("  "), "{language}/{name}: a column behind Hangul: {line}");
                }
            }
        }
    }
}

/// The words that Korean textbooks use.
#[test]
fn the_korean_pages_use_the_fields_words() {
    let mut all: String = pages("ko").iter().map(|page| read(&format!("{GUIDE}/ko/{page}"))).collect();
    let terms =
        ["계산 그래프", "비선형", "오차제곱합", "기울기 소실", "형상", "항등 함수", "‘Affine 계층’", "스텝"];
    for term in terms {
        assert!(all.contains(term), "{term} is never said");
    }
    all += &read(&format!("{ROOT}/README.ko.md"));
    for word in [
        "걸음",
        "미분이 없",
        "모양(shape)",
        "외우려면",
        "물을 수",
        "곡선을 하나",
        "제곱 오차의 절반",
        "굶주리",
        "열일곱",
        "배 작습니다",
        "배 적습니다",
        "무겁게",
        "벌어지는 것이 차이",
        "가져오는 비율",
        "아무도 찾지",
        "이야기를 듣",
        "10분의 1씩 따라",
        "해가 없는",
        "아무 말 없이",
        "JSON 줄",
        "학습의 에폭들",
    ] {
        assert!(!all.contains(word), "{word} is no word of the field");
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

#[test]
fn both_readmes_have_the_same_sections_tables_and_links() {
    let (english, korean) = (read(&format!("{ROOT}/README.md")), read(&format!("{ROOT}/README.ko.md")));
    let count = |readme: &str, start: &str| readme.lines().filter(|line| line.starts_with(start)).count();
    for start in ["## ", "| ", "- ", "```"] {
        assert_eq!(count(&english, start), count(&korean, start), "lines that start with {start:?}");
    }
    let targets = |readme: &str| -> BTreeSet<String> {
        let targets = readme.split("](").skip(1).filter_map(|rest| rest.split(')').next());
        targets.map(|target| target.replace("/guide/ko/", "/guide/en/").replace(".ko.md", ".md")).collect()
    };
    assert_eq!(targets(&english), targets(&korean));
    assert_eq!(decimals(&english), decimals(&korean));
}

/// The comparisons above have to see a difference.
#[test]
fn differences_are_seen() {
    let page = "é\n```rust,no_run\nlet x = 1.5; // one\n// a[0][1]\n```\n0.25, [a][b]\n\n[b]: c.md\n";
    assert_eq!(code(page), [("rust,no_run", vec!["let x = 1.5;"])]);
    assert_eq!(decimals(page), BTreeMap::from([("0.25", 1), ("1.5", 1)]));
    assert_eq!(links(page), ["b"]);
    assert_eq!(definitions(page), BTreeMap::from([("b", "c.md")]));
    for (from, to) in [("let x", "let y"), ("rust,no_run", "rust")] {
        assert_ne!(code(page), code(&page.replace(from, to)));
    }
    assert_ne!(decimals(page), decimals(&page.replace("0.25", "0.26")));
    assert_ne!(links(page), links(&page.replace("][b]", "][d]")));
}
