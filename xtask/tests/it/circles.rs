//! No file of a crate imports another one that imports the first, directly or through others.
//!
//! A file imports what the paths in its code name, tests left out: `crate::…`, `super::…`, `child::…`, in `use` and elsewhere.
//! A name that is re-exported counts as the file that defines it; `mod` and `pub use` don't count.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    iter::Peekable,
    path::{Path, PathBuf},
    slice,
    vec::IntoIter,
};

use proc_macro2::{Delimiter, Spacing, TokenStream, TokenTree};

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

/// A path such as `crate::kernel::dense`, or the place of a module: none for `lib.rs`, `kernel` for `kernel/mod.rs`.
type Names = Vec<String>;

/// The files of a crate by their modules.
type Crate = BTreeMap<Names, File>;

#[derive(Default)]
struct File {
    path: PathBuf,
    /// The paths in its code, but for those of `pub use`.
    paths: Vec<Names>,
    /// Names that `use` and `pub use` give.
    bound: BTreeMap<String, Names>,
}

/// The words of some code without comments, literals and tests.
fn words(code: TokenStream) -> Vec<String> {
    let mut words = Vec::new();
    let mut tokens = code.into_iter().peekable();
    while let Some(token) = tokens.next() {
        let is_test = |next: &TokenTree| next.to_string().replace(' ', "") == "[cfg(test)]";
        match token {
            TokenTree::Punct(mark) if mark.as_char() == '#' && tokens.peek().is_some_and(is_test) => {
                // The test itself ends with its body or a semicolon.
                tokens.find(|token| match token {
                    TokenTree::Group(group) => group.delimiter() == Delimiter::Brace,
                    token => token.to_string() == ";",
                });
            }
            TokenTree::Punct(mark) if mark.as_char() == ':' && mark.spacing() == Spacing::Joint => {
                tokens.next();
                words.push("::".to_string());
            }
            TokenTree::Group(group) => {
                let [open, close] = match group.delimiter() {
                    Delimiter::Brace => ["{", "}"],
                    Delimiter::Parenthesis => ["(", ")"],
                    _ => ["[", "]"],
                };
                let mut inner = self::words(group.stream());
                if words.iter().nth_back(1).is_some_and(|word| word == "mod") {
                    // In a module within the file, the file is above it.
                    let begins = |i: usize, inner: &[String]| i == 0 || inner[i - 1] != "::";
                    for i in 0..inner.len() {
                        if inner[i] == "super" && begins(i, &inner) {
                            inner[i] = "self".to_string();
                        }
                    }
                }
                words.push(open.to_string());
                words.extend(inner);
                words.push(close.to_string());
            }
            // The names of a macro's parts.
            TokenTree::Punct(mark) if mark.as_char() == '$' => {}
            TokenTree::Literal(_) => words.push("literal".to_string()),
            other => words.push(other.to_string()),
        }
    }
    words
}

impl File {
    fn read(path: PathBuf) -> Self {
        let code: TokenStream = fs::read_to_string(&path).unwrap().parse().unwrap();
        let mut file = File { path, ..File::default() };
        let (mut words, mut previous) = (words(code).into_iter().peekable(), String::new());
        while let Some(word) = words.next() {
            if word == "use" && words.next_if_eq("<").is_none() {
                // `pub use`, `pub(crate) use`
                let is_public = previous == "pub" || previous == ")";
                file.read_use(&mut words, Names::new(), is_public);
            } else {
                let mut path = vec![word.clone()];
                while words.next_if_eq("::").is_some() {
                    path.extend(words.next_if(|name| name.starts_with(char::is_alphabetic)));
                }
                file.paths.extend((path.len() > 1).then_some(path));
            }
            previous = word;
        }
        file
    }

    /// Reads what follows `use`, such as `crate::{Error, kernel::{self, Kernel as K}};`, up to the end of this branch.
    fn read_use(&mut self, words: &mut Peekable<IntoIter<String>>, mut path: Names, is_public: bool) {
        let mut name = None;
        while let Some(word) = words.next_if(|word| ![",", "}", ";"].contains(&&**word)) {
            match &*word {
                "::" => {}
                "self" if !path.is_empty() => {}
                "as" => name = words.next(),
                "{" => {
                    while words.next_if_eq("}").is_none() {
                        self.read_use(words, path.clone(), is_public);
                        words.next_if_eq(",");
                    }
                    return;
                }
                _ => path.push(word),
            }
        }
        let name = name.unwrap_or_else(|| path.last().unwrap().clone());
        if name != "*" && path[..] != ["self", &*name] {
            self.bound.insert(name, path.clone());
        }
        self.paths.extend((!is_public).then_some(path));
    }
}

fn read_crate(root: &Path) -> Crate {
    let (mut files, mut folders) = (Crate::new(), vec![root.to_path_buf()]);
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let names = path.strip_prefix(root).unwrap().with_extension("");
                let mut module: Names = names.iter().map(|name| name.to_str().unwrap().to_string()).collect();
                // A program beside a library uses it by its name.
                let is_root = |name: &str| name == "lib" || name == "main" && !root.join("lib.rs").exists();
                module.pop_if(|name| name == "mod" || is_root(name));
                files.insert(module, File::read(path));
            }
        }
    }
    files
}

/// The module that defines what `path` means in the module `here`; none if that is a module, or not of this crate.
fn definer(files: &Crate, here: &[String], path: &[String]) -> Option<Names> {
    let mut module = here.to_vec();
    for (i, name) in path.iter().enumerate() {
        let child = [&module[..], slice::from_ref(name)].concat();
        let (is_child, is_last) = (files.contains_key(&child), i + 1 == path.len());
        // `use rand::rand` binds a name to another crate's.
        let bound = files[&module].bound.get(name).filter(|bound| is_child || bound[0] != *name);
        match (&**name, bound) {
            ("crate", _) => module.clear(),
            ("super", _) => drop(module.pop()?),
            ("self", _) => {}
            // A function may be called as the module is in which it stands.
            (_, Some(bound)) if is_last || !is_child => {
                return definer(files, &module, &[bound, &path[i + 1..]].concat());
            }
            _ if is_child => module = child,
            _ => return (i > 0).then_some(module),
        }
    }
    None
}

/// The imports, from file to file, that are part of a circle.
fn circles(root: &Path) -> BTreeSet<(PathBuf, PathBuf)> {
    let files = read_crate(root);
    let mut imports: BTreeMap<&Path, BTreeSet<&Path>> = BTreeMap::new();
    for (module, file) in &files {
        let definers = file.paths.iter().filter_map(|path| definer(&files, module, path));
        let others = definers.filter(|other| other != module).map(|other| &*files[&other].path);
        imports.insert(&file.path, others.collect());
    }
    let reaches = |from: &Path, to: &Path| {
        let (mut reached, mut left) = (BTreeSet::from([from]), vec![from]);
        while let Some(file) = left.pop() {
            left.extend(imports.get(file).into_iter().flatten().filter(|next| reached.insert(**next)));
        }
        reached.contains(to)
    };
    let all = imports.iter().flat_map(|(from, all)| all.iter().map(move |to| (*from, *to)));
    all.filter(|(from, to)| reaches(to, from)).map(|(from, to)| (from.into(), to.into())).collect()
}

#[test]
fn files_import_in_one_direction_only() {
    let root = Path::new(ROOT);
    let crates = fs::read_dir(root.join("crates")).unwrap().map(|folder| folder.unwrap().path().join("src"));
    let others = ["xtask/src", "benches/src", "benches/src/bin/contestant"].map(|folder| root.join(folder));
    let found: Vec<_> = crates.chain(others).flat_map(|folder| circles(&folder)).collect();
    assert!(found.is_empty(), "imports that are part of a circle: {found:#?}");
}

#[test]
fn a_circle_is_found() {
    let folder = tempfile::tempdir().unwrap();
    let write = |path: &str, code: &str| fs::write(folder.path().join(path), code).unwrap();
    let found = || -> Vec<(String, String)> {
        let name = |path: PathBuf| path.strip_prefix(folder.path()).unwrap().to_str().unwrap().to_string();
        circles(folder.path()).into_iter().map(|(a, b)| (name(a), name(b))).collect()
    };
    fs::create_dir(folder.path().join("b")).unwrap();
    write("lib.rs", "mod a; mod b; mod c; pub use b::{inner::{self, B}, other}; use a::A; fn f(_: A) {}");
    write("a.rs", "use crate::{B as Other, other}; pub struct A(other::C);");
    write("b/mod.rs", "pub mod inner; pub mod other;");
    write("b/other.rs", "pub struct C;");
    write("c.rs", "pub struct D;");
    // Neither comments, texts, tests, `pub use` nor the module alone.
    write(
        "b/inner.rs",
        "/// crate::a::A\n pub struct B; pub use crate::a::A; use crate::a; const _: &str = \"crate::a::A\";
         mod m { use super::B; use super::super::inner; }
         #[cfg(test)] mod tests { use crate::a::A; } #[cfg(test)] use crate::a::A; use super::super::c::D;",
    );
    assert_eq!(found(), []);

    let pair = |a: &str, b: &str| (a.to_string(), b.to_string());
    for import in [
        "use crate::{c::D, a::{A as X}};",
        "use super::super::a::A;",
        "use crate::a; fn f(_: a::A) {}",
        "fn f() { format!(\"{}\", crate::a::f()) }",
    ] {
        write("b/inner.rs", &format!("pub struct B; {import}"));
        assert_eq!(found(), [pair("a.rs", "b/inner.rs"), pair("b/inner.rs", "a.rs")], "{import}");
    }
    // Through a third.
    write("b/inner.rs", "pub struct B; use super::other::C;");
    write("b/other.rs", "use crate::a::A;");
    assert_eq!(found().len(), 4, "{:?}", found());
}
