//! `Table`: a table in memory, its columns as numbers, texts and classes.

use std::{
    collections::{BTreeSet, HashMap, HashSet},
    fs::{self, File},
    io::{self, ErrorKind, Read},
    ops::Range,
    path::{Path, PathBuf},
};

use crate::{
    Error, Number,
    error::list,
    parse::{self, ROOM, Records},
};

/// Reading a table takes at most this many times the memory of its bytes, and 64 KiB.
///
/// A table of numbers takes about five times as much; one of nothing but commas takes more.
pub const MEMORY_FACTOR: usize = 64;

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
    /// For error messages.
    path: PathBuf,
    names: Vec<String>,
    /// The first is the header.
    records: Records,
}

impl Table {
    /// Reads the table in a file.
    ///
    /// # Errors
    /// [`Error::Read`] if the file cannot be read or is none (a device has no end that could bound the memory), and those
    /// of [`from_reader`](Table::from_reader).
    pub fn read(path: impl AsRef<Path>) -> Result<Table, Error> {
        Table::new(path.as_ref(), whole(path.as_ref()))
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
        let mut data = Vec::new();
        let read = reader.read_to_end(&mut data);
        Table::new(Path::new("input"), read.map(|_| data))
    }

    fn new(path: &Path, data: io::Result<Vec<u8>>) -> Result<Table, Error> {
        let data = data.map_err(|cause| Error::Read { path: path.into(), cause })?;
        let records = parse::records(path, data)?;
        if records.len() == 0 {
            return Err(Error::Empty { path: path.into() });
        }
        let header = (0..records.n_columns()).map(|column| records.field(0, column).to_owned());
        let names: Vec<String> = header.collect();
        let mut seen = HashSet::new();
        if let Some(column) = names.iter().find(|name| !seen.insert(*name)) {
            return Err(Error::DuplicateColumn { path: path.into(), column: column.clone() });
        }
        if let Some((line, found)) = records.ragged {
            return Err(Error::Ragged { path: path.into(), line, found, expected: records.n_columns() });
        }
        Ok(Table { path: path.into(), names, records })
    }

    /// How many records there are; the header is none.
    pub fn n_rows(&self) -> usize {
        self.records.len() - 1
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
        for record in self.data_records() {
            for &column in &columns {
                let number = F::parse(self.records.field(record, column));
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
        Ok(self.data_records().map(|record| self.records.field(record, column)).collect())
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
        let mut records = self.data_records();
        if let Some(record) = records.find(|record| self.records.field(*record, column).is_empty()) {
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
        // Looked up, since a column may have as many labels as records. Of two equal ones, the first counts.
        let known = labels.iter().enumerate().rev().map(|(class, label)| (label.as_ref(), class));
        let known: HashMap<&str, usize> = known.collect();
        let class = |record: usize| {
            let class = known.get(self.records.field(record, column)).copied();
            class.ok_or_else(|| self.bad_field(record, column, &format!("one of {}", list(labels))))
        };
        self.data_records().map(class).collect()
    }

    /// The positions of all records behind the header.
    fn data_records(&self) -> Range<usize> {
        1..self.records.len()
    }

    /// The position of a column.
    fn index(&self, name: &str) -> Result<usize, Error> {
        self.names.iter().position(|known| known == name).ok_or_else(|| Error::NoColumn {
            path: self.path.clone(),
            column: name.to_owned(),
            known: self.names.clone(),
        })
    }

    fn bad_field(&self, record: usize, column: usize, expected: &str) -> Error {
        Error::BadField {
            path: self.path.clone(),
            line: self.records.line(record),
            column: self.names[column].clone(),
            found: self.records.field(record, column).to_owned(),
            expected: expected.to_owned(),
        }
    }
}

/// The bytes of a file. Only a file has a length that bounds the memory.
fn whole(path: &Path) -> io::Result<Vec<u8>> {
    // Asked before it is opened: opening a pipe waits for somebody to write.
    if !fs::metadata(path)?.is_file() {
        return Err(io::Error::other("it is not a file"));
    }
    let file = File::open(path)?;
    let length = file.metadata()?.len();
    let room = usize::try_from(length).ok().and_then(|length| length.checked_add(ROOM));
    let mut data = Vec::new();
    room.and_then(|room| data.try_reserve_exact(room).ok()).ok_or(ErrorKind::OutOfMemory)?;
    file.take(length).read_to_end(&mut data)?;
    Ok(data)
}
