//! Classes of bytes that a vector instruction looks up by half a byte at a time.

/// Classes of bytes by their high and their low half: a byte belongs to a class where both have its bit.
pub(super) struct Table {
    /// The classes that the low half may be in.
    pub(super) low: [u8; 16],
    /// The classes that the high half may be in.
    pub(super) high: [u8; 16],
}

impl Table {
    /// The classes, each by its high halves and its low halves.
    pub(super) const fn new(classes: [(u16, u16); 8]) -> Table {
        let mut table = Table { low: [0; 16], high: [0; 16] };
        let mut class = 0;
        while class < classes.len() {
            let (rows, columns) = classes[class];
            let mut nibble = 0;
            while nibble < 16 {
                table.high[nibble] |= ((rows >> nibble & 1) as u8) << class;
                table.low[nibble] |= ((columns >> nibble & 1) as u8) << class;
                nibble += 1;
            }
            class += 1;
        }
        table
    }

    /// The classes of all bytes of ASCII.
    #[cfg(target_arch = "x86_64")]
    pub(super) const fn ascii(&self) -> [[u8; 64]; 2] {
        let mut classes = [[0; 64]; 2];
        let mut byte = 0;
        while byte < 128 {
            classes[byte >> 6][byte & 63] = self.high[byte >> 4] & self.low[byte & 15];
            byte += 1;
        }
        classes
    }

    /// The classes of a byte.
    pub(super) fn class(&self, byte: u8) -> u8 {
        self.high[usize::from(byte >> 4)] & self.low[usize::from(byte & 15)]
    }
}
