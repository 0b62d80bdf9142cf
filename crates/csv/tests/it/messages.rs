//! What a user is told about each thing that can be wrong with a table.

use std::{
    fs,
    io::{self, Read},
};

use chainrule_csv::{Error, Table};

fn table(bytes: impl AsRef<[u8]>) -> Table {
    Table::from_reader(bytes.as_ref()).expect("this is a table")
}

/// What reading says about bytes that are no table.
fn refused(bytes: impl AsRef<[u8]>) -> String {
    Table::from_reader(bytes.as_ref()).expect_err("this is no table").to_string()
}

/// What is said about the column `x` of a table.
fn bad_number(bytes: &str) -> String {
    table(bytes).column::<f64>("x").expect_err("this is no column of numbers").to_string()
}

#[test]
fn a_missing_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("nothing.csv");
    let error = Table::read(&path).unwrap_err();
    assert!(matches!(&error, Error::Read { cause, .. } if cause.kind() == io::ErrorKind::NotFound));
    // The operating system says the rest.
    assert!(error.to_string().starts_with(&format!("{}: cannot be read: ", path.display())), "{error}");
}

#[test]
fn the_path_of_a_file_is_in_every_message() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("mine.csv");
    fs::write(&path, "x,y\n1,2\n3,four\n").unwrap();
    let table = Table::read(&path).unwrap();
    assert_eq!(table.column::<f64>("x").unwrap(), [1.0, 3.0]);
    let path = path.display();
    assert_eq!(
        table.column::<f64>("y").unwrap_err().to_string(),
        format!("{path}: line 3, column \"y\": found \"four\", expected a finite number")
    );
    let expected = "there is no column \"z\", expected one of \"x\", \"y\"";
    assert_eq!(table.texts("z").unwrap_err().to_string(), format!("{path}: {expected}"));
}

#[test]
fn a_reader_that_fails() {
    struct Broken;
    impl Read for Broken {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            Err(io::Error::other("the line is dead"))
        }
    }
    assert_eq!(
        Table::from_reader("x\n1\n".as_bytes().chain(Broken)).unwrap_err().to_string(),
        "input: cannot be read: the line is dead"
    );
}

#[test]
fn nothing_in_it() {
    let message = "input: the file is empty, expected a line with the names of the columns";
    for bytes in ["", "\n", "\r\n\r\n", "\u{feff}"] {
        assert_eq!(refused(bytes), message, "{bytes:?}");
    }
}

#[test]
fn ragged_rows() {
    assert_eq!(
        refused("x,y\n1,2\n3\n"),
        "input: line 3: the number of fields is 1, expected 2 as in the header"
    );
    assert_eq!(
        refused("x,y\n1,2,3\n4,5\n"),
        "input: line 2: the number of fields is 3, expected 2 as in the header"
    );
    assert_eq!(refused("x\n1,\n"), "input: line 2: the number of fields is 2, expected 1 as in the header");
}

#[test]
fn two_columns_of_one_name() {
    let rest = "twice, expected a different name for every column";
    assert_eq!(refused("x,y, x\n1,2,3\n"), format!("input: the header has the name \"x\" {rest}"));
    assert_eq!(refused(",\n1,2\n"), format!("input: the header has the name \"\" {rest}"));
}

#[test]
fn bytes_that_are_not_utf8() {
    assert_eq!(
        refused(b"name,x\nAndr\xe9 1,1\n"),
        "input: line 2, field 1: found the bytes [e9, 20, 31], expected text in UTF-8"
    );
    assert_eq!(
        refused(b"x,\xff\n1,2\n"),
        "input: line 1, field 2: found the bytes [ff], expected text in UTF-8"
    );
    // A table in UTF-16.
    assert_eq!(
        refused(b"\xff\xfex\0y\0\n\0"),
        "input: line 1, field 1: found the bytes [ff, fe, 78, 00, 79, 00], expected text in UTF-8"
    );
}

#[test]
fn quotes_that_are_never_closed() {
    let rest = "a quote is opened here and never closed";
    assert_eq!(refused("x,y\n1,2\n3,\"4\n5,6\n"), format!("input: line 3: {rest}"));
    assert_eq!(refused("x,y\n1,\"2\"\"\n"), format!("input: line 2: {rest}"));
    assert_eq!(refused("\"x,y\n1,2\n"), format!("input: line 1: {rest}"));
    assert_eq!(refused("\""), format!("input: line 1: {rest}"));
}

#[test]
fn fields_that_are_no_finite_numbers() {
    let found = |field: &str| bad_number(&format!("x,y\n0.5,\n{field},\n"));
    for field in ["abc", "1.5.2", "1_000", "0x10", "1 2", "NaN", "inf", "-Infinity", "1e999"] {
        let message = format!("input: line 3, column \"x\": found \"{field}\", expected a finite number");
        assert_eq!(found(field), message);
    }
    let message = "input: line 3, column \"x\": found an empty field, expected a finite number";
    assert_eq!(found(""), message);
    assert_eq!(found("  "), message);
    assert_eq!(found("\"1,5\""), "input: line 3, column \"x\": found \"1,5\", expected a finite number");
}

#[test]
fn numbers_too_large_for_f32() {
    let table = table("x\n1e39\n");
    assert_eq!(table.column::<f64>("x").unwrap(), [1e39]);
    assert_eq!(
        table.column::<f32>("x").unwrap_err().to_string(),
        "input: line 2, column \"x\": found \"1e39\", expected a finite number of at most 3.4e38"
    );
}

#[test]
fn long_fields_and_many_columns_are_cut_short() {
    let field = "é".repeat(1000);
    let message = bad_number(&format!("x\n{field}\n"));
    let beginning = "é".repeat(40);
    assert_eq!(
        message,
        format!("input: line 2, column \"x\": found \"{beginning}\"…, expected a finite number")
    );

    let names: Vec<String> = (0..25).map(|i| format!("x{i}")).collect();
    let message = table(names.join(",")).texts("y").unwrap_err().to_string();
    assert!(message.ends_with("\"x18\", \"x19\", … (5 more)"), "{message}");
}

#[test]
fn lines_are_those_of_an_editor() {
    // Blank lines count, a quoted line end counts, and \r\n is one.
    for end in ["\n", "\r\n", "\r"] {
        let text = ["", "t,x", "a,1", "", "", "\"b", "b\",2", "c,?"].join(end);
        let message = "input: line 8, column \"x\": found \"?\", expected a finite number";
        assert_eq!(bad_number(&text), message, "{text:?}");
        assert_eq!(bad_number(&format!("{text}{end}{end}")), message, "{text:?}");
    }
}

#[test]
fn labels_that_are_missing_or_unknown() {
    let table = table("species,x\na,1\n,2\nc,3\n");
    assert_eq!(
        table.classes("species").unwrap_err().to_string(),
        "input: line 3, column \"species\": found an empty field, expected a label"
    );
    assert_eq!(
        table.classes_among("species", &["a", ""]).unwrap_err().to_string(),
        "input: line 4, column \"species\": found \"c\", expected one of \"a\", \"\""
    );
    assert!(matches!(table.classes("genus").unwrap_err(), Error::NoColumn { .. }));
}
