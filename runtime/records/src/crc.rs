//! CRC-32 as in IEEE 802.3 (reflected, polynomial 0x04C11DB7, initial value and final XOR all ones).
//!
//! It detects every burst of up to 32 damaged bits, which is more than one character of a line.

/// The polynomial with its bits reversed, because serial lines send the least significant bit first.
const REVERSED_POLYNOMIAL: u32 = 0xedb8_8320;

/// The contribution of each possible byte, so that the work per byte does not depend on its value.
const TABLE: [u32; 256] = table();

const fn table() -> [u32; 256] {
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < table.len() {
        let mut remainder = byte as u32;
        let mut bit = 0;
        while bit < 8 {
            remainder =
                if remainder & 1 == 1 { (remainder >> 1) ^ REVERSED_POLYNOMIAL } else { remainder >> 1 };
            bit += 1;
        }
        table[byte] = remainder;
        byte += 1;
    }
    table
}

/// The CRC-32 of `bytes`.
#[must_use]
pub fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |crc, &byte| {
        let index = (crc ^ u32::from(byte)) & 0xff;
        (crc >> 8) ^ TABLE[index as usize]
    })
}

#[cfg(test)]
mod tests {
    use super::crc32;

    #[test]
    fn matches_the_published_check_value() {
        assert_eq!(crc32(b"123456789"), 0xcbf4_3926);
    }

    #[test]
    fn of_nothing_is_zero() {
        assert_eq!(crc32(b""), 0);
    }
}
