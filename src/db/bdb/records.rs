//! The pairs of a file that is being made, in the order in which they came.

/// One pair: where its bytes lie.
#[derive(Clone, Copy, Debug)]
struct Record {
    hash: u32,
    key_length: u32,
    value_length: u32,
    start: usize,
}

/// All pairs of a new file.
#[derive(Debug, Default)]
pub(super) struct Records {
    bytes: Vec<u8>,
    records: Vec<Record>,
}

impl Records {
    pub fn len(&self) -> usize {
        self.records.len()
    }

    pub fn hash(&self, index: u32) -> u32 {
        self.records[index as usize].hash
    }

    pub fn key(&self, index: u32) -> &[u8] {
        let record = self.records[index as usize];
        &self.bytes[record.start..record.start + record.key_length as usize]
    }

    pub fn value(&self, index: u32) -> &[u8] {
        let record = self.records[index as usize];
        let start = record.start + record.key_length as usize;
        &self.bytes[start..start + record.value_length as usize]
    }

    pub fn iter(&self) -> impl Iterator<Item = (&[u8], &[u8])> {
        (0..self.len() as u32).map(|index| (self.key(index), self.value(index)))
    }

    /// Adds a pair; its index.
    pub fn push(&mut self, hash: u32, key: &[u8], value: &[u8]) -> u32 {
        let record = self.record(hash, key, value);
        self.records.push(record);
        (self.records.len() - 1) as u32
    }

    /// Puts a pair in the place of another.
    pub fn replace(&mut self, index: u32, hash: u32, key: &[u8], value: &[u8]) {
        self.records[index as usize] = self.record(hash, key, value);
    }

    fn record(&mut self, hash: u32, key: &[u8], value: &[u8]) -> Record {
        let start = self.bytes.len();
        self.bytes.extend_from_slice(key);
        self.bytes.extend_from_slice(value);
        Record { hash, key_length: key.len() as u32, value_length: value.len() as u32, start }
    }
}
