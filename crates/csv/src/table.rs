//! A table in memory, and what can be asked of it.

use std::{
    collections::{BTreeSet, HashSet},
    fs,
    io::Read,
    path::{Path, PathBuf},
};

use crate::{
    Error, Number,
    error::list,
    number,
    parse::{self, Record},
};

/// A table of comma-separated values whose first line names the columns.
///
/// Lines end in `\n`, `\r\n` or `\r`; blank ones are skipped. A field may be in double quotes, and then have commas,
/// line ends and quotes (written twice) in it. Spaces around a field and a byte order mark don't count. A table
/// without records is a table.
///
/// # Examples
/// ```
/// use chainrule_csv::Table;
/// let table = Table::from_reader("height,weight\n1.5,50\n2,80.5\n".as_bytes())?;
/// assert_eq!(table.names(), ["height", "weight"]);
/// assert_eq!(table.n_rows(), 2);
/// assert_eq!(table.column::<f64>("weight")?, [50.0, 80.5]);
/// # Ok::<(), chainrule_csv::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Table {
    /// For messages.
    path: PathBuf,
    names: Vec<String>,
    records: Vec<Record>,
}

impl Table {
    /// Reads the table in a file.
    ///
    /// # Errors
    /// [`Error::Read`] if the file cannot be read, and those of [`from_reader`](Table::from_reader).
    pub fn read(path: impl AsRef<Path>) -> Result<Table, Error> {
        let path = path.as_ref();
        match fs::read(path) {
            Ok(data) => Table::new(path, data),
            Err(cause) => Err(Error::Read { path: path.into(), cause }),
        }
    }

    /// Reads a table from anything that gives bytes, to its end.
    ///
    /// # Errors
    /// - [`Error::Read`] if the reader fails;
    /// - [`Error::Empty`] if it gives nothing;
    /// - [`Error::NotUtf8`] unless all of it is UTF-8;
    /// - [`Error::UnclosedQuote`] if a quote is still open at the end;
    /// - [`Error::DuplicateColumn`] if two columns have one name;
    /// - [`Error::Ragged`] unless every record has as many fields as the header.
    pub fn from_reader(mut reader: impl Read) -> Result<Table, Error> {
        let path = Path::new("input");
        let mut data = Vec::new();
        match reader.read_to_end(&mut data) {
            Ok(_) => Table::new(path, data),
            Err(cause) => Err(Error::Read { path: path.into(), cause }),
        }
    }

    fn new(path: &Path, data: Vec<u8>) -> Result<Table, Error> {
        let mut records = parse::records(path, data)?.into_iter();
        let Some(header) = records.next() else {
            return Err(Error::Empty { path: path.into() });
        };
        let names: Vec<String> = header.fields.iter().map(str::to_owned).collect();
        let mut seen = HashSet::new();
        if let Some(twice) = names.iter().find(|name| !seen.insert(*name)) {
            return Err(Error::DuplicateColumn { path: path.into(), column: twice.clone() });
        }
        let (records, expected): (Vec<Record>, usize) = (records.collect(), names.len());
        if let Some(ragged) = records.iter().find(|record| record.fields.len() != expected) {
            let (line, found) = (ragged.line, ragged.fields.len());
            return Err(Error::Ragged { path: path.into(), line, found, expected });
        }
        Ok(Table { path: path.into(), names, records })
    }

    /// How many records there are; the header is none.
    pub fn n_rows(&self) -> usize {
        self.records.len()
    }

    /// The names of the columns, in order.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// The numbers of a column.
    ///
    /// # Errors
    /// [`Error::NoColumn`] if there is no such column, [`Error::BadField`] unless all of it are finite numbers.
    pub fn column<F: Number>(&self, name: &str) -> Result<Vec<F>, Error> {
        self.rows(&[name])
    }

    /// The numbers of some columns, record after record: samples × features in row-major order.
    ///
    /// These are the bytes of the matrix in which a column is a sample: of `Matrix::from_column_slice(names.len(),
    /// table.n_rows(), &rows)` in chainrule.
    ///
    /// # Errors
    /// [`Error::NoColumn`] if there is no column of one of the names, [`Error::BadField`] unless all are finite
    /// numbers.
    ///
    /// # Examples
    /// ```
    /// use chainrule_csv::Table;
    /// let table = Table::from_reader("a,b,c\n1,x,2\n3,y,4\n".as_bytes())?;
    /// assert_eq!(table.rows::<f32>(&["c", "a"])?, [2.0, 1.0, 4.0, 3.0]);
    /// assert_eq!(
    ///     table.rows::<f32>(table.names()).unwrap_err().to_string(),
    ///     r#"input: line 2, column "b": found "x", expected a finite number of at most 3.4e38"#
    /// );
    /// # Ok::<(), chainrule_csv::Error>(())
    /// ```
    pub fn rows<F: Number>(&self, names: &[impl AsRef<str>]) -> Result<Vec<F>, Error> {
        let columns: Vec<usize> =
            names.iter().map(|name| self.index(name.as_ref())).collect::<Result<_, _>>()?;
        let mut numbers = Vec::with_capacity(self.n_rows() * columns.len());
        for record in &self.records {
            for &column in &columns {
                let number = number::parse(&record.fields[column]);
                numbers.push(number.ok_or_else(|| self.bad_field(record, column, F::EXPECTED))?);
            }
        }
        Ok(numbers)
    }

    /// The texts of a column as they are in the file, without quotes and without spaces around them.
    ///
    /// # Errors
    /// [`Error::NoColumn`] if there is no such column.
    pub fn texts(&self, name: &str) -> Result<Vec<&str>, Error> {
        let column = self.index(name)?;
        Ok(self.records.iter().map(|record| &record.fields[column]).collect())
    }

    /// The classes of a column, counted from 0, and their labels: class *c* is that of label *c*.
    ///
    /// Labels are texts in the order of their characters, each once: `"10"` comes before `"9"`.
    ///
    /// # Errors
    /// [`Error::NoColumn`] if there is no such column, [`Error::BadField`] if a label is missing.
    ///
    /// # Examples
    /// ```
    /// use chainrule_csv::Table;
    /// let table = Table::from_reader("species,petal\nvirginica,6\nsetosa,1\nvirginica,5\n".as_bytes())?;
    /// let (classes, labels) = table.classes("species")?;
    /// assert_eq!(classes, [1, 0, 1]);
    /// assert_eq!(labels, ["setosa", "virginica"]);
    /// # Ok::<(), chainrule_csv::Error>(())
    /// ```
    pub fn classes(&self, name: &str) -> Result<(Vec<usize>, Vec<String>), Error> {
        let column = self.index(name)?;
        if let Some(record) = self.records.iter().find(|record| record.fields[column].is_empty()) {
            return Err(self.bad_field(record, column, "a label"));
        }
        let distinct: BTreeSet<&str> = self.texts(name)?.into_iter().collect();
        let labels: Vec<String> = distinct.into_iter().map(str::to_owned).collect();
        Ok((self.classes_among(name, &labels)?, labels))
    }

    /// The classes of a column where the labels are known: those of the table that a network has learned from.
    ///
    /// # Errors
    /// [`Error::NoColumn`] if there is no such column, [`Error::BadField`] if a text is none of the labels.
    ///
    /// # Examples
    /// ```
    /// use chainrule_csv::Table;
    /// let table = Table::from_reader("answer\nyes\nyes\n".as_bytes())?;
    /// assert_eq!(table.classes_among("answer", &["no", "yes"])?, [1, 1]);
    /// # Ok::<(), chainrule_csv::Error>(())
    /// ```
    pub fn classes_among(&self, name: &str, labels: &[impl AsRef<str>]) -> Result<Vec<usize>, Error> {
        let column = self.index(name)?;
        let class = |record: &Record| {
            let class = labels.iter().position(|label| *label.as_ref() == record.fields[column]);
            class.ok_or_else(|| self.bad_field(record, column, &format!("one of {}", list(labels))))
        };
        self.records.iter().map(class).collect()
    }

    /// Where a column is in a record.
    fn index(&self, name: &str) -> Result<usize, Error> {
        self.names.iter().position(|known| known == name).ok_or_else(|| Error::NoColumn {
            path: self.path.clone(),
            column: name.to_owned(),
            known: self.names.clone(),
        })
    }

    fn bad_field(&self, record: &Record, column: usize, expected: &str) -> Error {
        Error::BadField {
            path: self.path.clone(),
            line: record.line,
            column: self.names[column].clone(),
            found: record.fields[column].to_owned(),
            expected: expected.to_owned(),
        }
    }
}
