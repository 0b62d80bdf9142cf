//! What tables say, in all the ways in which the same table can be written.

use chainrule_csv::Table;

fn table(text: &str) -> Table {
    Table::from_reader(text.as_bytes()).expect("this is a table")
}

#[test]
fn one_table_written_in_many_ways() {
    for text in [
        "gre,gpa,name\n380,3.61,a\n660,4,b\n",
        "gre,gpa,name\n380,3.61,a\n660,4,b",
        "gre,gpa,name\r\n380,3.61,a\r\n660,4,b\r\n",
        "gre,gpa,name\r380,3.61,a\r660,4,b",
        "\u{feff}gre,gpa,name\n380,3.61,a\n660,4,b\n",
        "\"gre\",\"gpa\",\"name\"\n\"380\",\"3.61\",\"a\"\n\"660\",\"4\",\"b\"\n",
        " gre , gpa, name\n\n380,\t3.61 ,a \n\r\n\n +660.0,4e0,b\n\n",
    ] {
        let table = table(text);
        assert_eq!(table.names(), ["gre", "gpa", "name"], "{text:?}");
        assert_eq!(table.n_rows(), 2, "{text:?}");
        assert_eq!(table.column::<f64>("gpa").unwrap(), [3.61, 4.0], "{text:?}");
        assert_eq!(table.rows::<f32>(&["gpa", "gre"]).unwrap(), [3.61, 380.0, 4.0, 660.0], "{text:?}");
        assert_eq!(table.texts("name").unwrap(), ["a", "b"], "{text:?}");
    }
}

#[test]
fn quoted_fields_keep_what_would_end_them() {
    let table = table("\"a, b\",t\n1,\"x, y\"\n2,\"two\nlines\"\n3,\"a \"\"quote\"\"\"\n4,\"\"\n");
    assert_eq!(table.names(), ["a, b", "t"]);
    assert_eq!(table.texts("t").unwrap(), ["x, y", "two\nlines", "a \"quote\"", ""]);
    assert_eq!(table.column::<f64>("a, b").unwrap(), [1.0, 2.0, 3.0, 4.0]);
}

/// RFC 4180 takes a space in front of a quote, and then the quote, for a part of the field.
#[test]
fn blanks_around_quotes_do_not_count() {
    let iris =
        table("length,species\n5.1, \"setosa\"\n4.9,setosa\n 4.7 ,\t\"setosa\" \n \"4.6\" , \" setosa\"\n");
    assert_eq!(iris.classes("species").unwrap(), (vec![0; 4], vec!["setosa".to_owned()]));
    assert_eq!(iris.column::<f64>("length").unwrap(), [5.1, 4.9, 4.7, 4.6]);

    let table =
        table(" \"a\", \"b\" ,\t\"c, d\"\r\n1, \"a,b\" , \"two\n  \"\" lines\"\r\n2, \"\",say \"hi\"\r\n");
    assert_eq!(table.names(), ["a", "b", "c, d"]);
    assert_eq!(table.texts("b").unwrap(), ["a,b", ""]);
    assert_eq!(table.texts("c, d").unwrap(), ["two\n  \" lines", "say \"hi\""]);
    let message = table.column::<f64>("b").unwrap_err().to_string();
    assert!(message.starts_with("input: line 2, "), "{message}");
    let open = Table::from_reader("a,b\n1,2\n3, \"x\n4,5\n".as_bytes()).unwrap_err().to_string();
    assert_eq!(open, "input: line 3: a quote is opened here and never closed");
}

#[test]
fn a_header_alone_is_a_table() {
    for text in ["x,y", "x,y\n"] {
        let table = table(text);
        assert_eq!((table.names().len(), table.n_rows()), (2, 0));
        assert_eq!(table.column::<f64>("x").unwrap(), [0.0; 0]);
        assert_eq!(table.classes("y").unwrap(), (vec![], vec![]));
    }
}

#[test]
fn a_column_without_a_name_is_a_column() {
    // R and pandas write the number of the row so.
    let table = table(",x\n0,5\n1,6\n");
    assert_eq!(table.names(), ["", "x"]);
    assert_eq!(table.rows::<f64>(table.names()).unwrap(), [0.0, 5.0, 1.0, 6.0]);
}

#[test]
fn a_row_that_looks_like_the_end_is_a_row() {
    assert_eq!(table("x\nend\nend").texts("x").unwrap(), ["end", "end"]);
}

#[test]
fn numbers_are_the_nearest_of_their_type() {
    let table = table("x\n0.1\n-1e-3\n16777217\n9007199254740993\n");
    assert_eq!(table.column::<f64>("x").unwrap(), [0.1, -0.001, 16777217.0, 9007199254740992.0]);
    assert_eq!(table.column::<f32>("x").unwrap(), [0.1, -0.001, 16777216.0, 9007199254740992.0]);
}

#[test]
fn labels_are_sorted_and_classes_point_at_them() {
    let train = table("t\nsetosa\n10\nSetosa\n9\nsetosa\n");
    let (classes, labels) = train.classes("t").unwrap();
    assert_eq!(labels, ["10", "9", "Setosa", "setosa"]);
    assert_eq!(classes, [3, 0, 2, 1, 3]);

    // The classes of a second table are those of the first, though it has only some of the labels.
    let test = table("t\nsetosa\n9\n");
    assert_eq!(test.classes_among("t", &labels).unwrap(), [3, 1]);
    assert_eq!(test.classes("t").unwrap().0, [1, 0]);
}

/// Every text of up to six characters of those that mean something: reading never panics, and what is read is whole.
#[test]
fn any_short_text_is_a_table_or_an_error() {
    const MEANINGFUL: [u8; 7] = [b'1', b',', b'"', b'\n', b'\r', b' ', 0xff];
    let (mut n_tables, mut n_errors) = (0, 0);
    for length in 0..=6 {
        for number in 0..MEANINGFUL.len().pow(length) {
            let mut rest = number;
            let text: Vec<u8> = (0..length)
                .map(|_| {
                    let byte = MEANINGFUL[rest % MEANINGFUL.len()];
                    rest /= MEANINGFUL.len();
                    byte
                })
                .collect();
            match Table::from_reader(&text[..]) {
                Ok(table) => {
                    n_tables += 1;
                    for name in table.names() {
                        assert_eq!(table.texts(name).unwrap().len(), table.n_rows());
                        let _ = (table.column::<f64>(name), table.classes(name));
                    }
                }
                Err(_) => n_errors += 1,
            }
        }
    }
    assert!(n_tables > 1000 && n_errors > 1000, "{n_tables} tables, {n_errors} errors");
}
