//! What holds whatever the bytes: shared with the fuzzer.

use chainrule_csv::{MEMORY_FACTOR, Table};
use chainrule_fuzzing::within;

/// Any bytes as a table: what is read is whole, and the same table comes back when it is written.
pub(crate) fn table(bytes: &[u8]) {
    let most = MEMORY_FACTOR * bytes.len() + (64 << 10);
    let Ok(table) = within(most, || Table::from_reader(bytes)) else { return };
    let mut columns = Vec::new();
    // Each column has a name, and finding one takes as long as there are columns.
    for name in table.names().iter().take(50) {
        let texts = table.texts(name).expect("there is such a column");
        assert_eq!(texts.len(), table.n_rows());
        if let Ok((classes, labels)) = within(most, || table.classes(name)) {
            assert!(labels.is_sorted() && labels.windows(2).all(|pair| pair[0] != pair[1]));
            assert!(classes.iter().zip(&texts).all(|(class, text)| labels[*class] == *text));
        }
        if let Ok(numbers) = within(most, || table.column::<f64>(name)) {
            assert!(numbers.len() == table.n_rows() && numbers.iter().all(|number| number.is_finite()));
        }
        let _ = table.column::<f32>(name);
        columns.push(texts);
    }
    if table.names().len() > 50 {
        return;
    }
    let mut written = line(table.names().iter().map(String::as_str));
    for row in 0..table.n_rows() {
        written += &line(columns.iter().map(|column| column[row]));
    }
    let again = Table::from_reader(written.as_bytes()).expect("what is written is a table");
    assert_eq!((again.names(), again.n_rows()), (table.names(), table.n_rows()));
    for (name, column) in table.names().iter().zip(columns) {
        assert_eq!(again.texts(name).expect("there is such a column"), column);
    }
}

fn line<'a>(fields: impl Iterator<Item = &'a str>) -> String {
    fields.map(|field| format!("\"{}\"", field.replace('"', "\"\""))).collect::<Vec<_>>().join(",") + "\n"
}
