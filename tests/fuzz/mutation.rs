//! Inputs close to the seeds: each is a seed with a few edits. Inputs far from any seed fail at the first check.

use std::fmt;
use std::path::Path;

use rand::RngExt;
use rand::rngs::StdRng;

/// The seeds of a target, and the words in them.
#[derive(Clone, Debug)]
pub struct Seeds {
    whole: Vec<Vec<u8>>,
    words: Vec<Vec<u8>>,
}

/// Text that often causes errors.
const ODD: &[&str] = &[
    "\0",
    "\n",
    "\r\n",
    " ",
    "\t",
    "\"",
    "\\",
    "'",
    ";",
    ",",
    ":",
    "=",
    "/",
    "?",
    "&",
    "%",
    "%00",
    "%ff",
    "+",
    "-",
    ".",
    "..",
    "$",
    "#",
    "@",
    "[",
    "]",
    "{",
    "}",
    "{}",
    "[]",
    "null",
    "true",
    "NaN",
    "0",
    "-1",
    "1e999",
    "2147483648",
    "9223372036854775808",
    "18446744073709551616",
    "1.5",
    "*",
    "_",
    "none",
    "\u{feff}",
    "é",
    "\u{1F511}",
    "\u{202e}",
    "\\u0000",
    "\\ud800",
    "A",
    "x",
    "=\r\n",
    "\u{0}\u{0}",
];

/// One input. `Debug` shows it as text.
#[derive(Clone)]
pub struct Input(pub Vec<u8>);

impl fmt::Debug for Input {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "b\"{}\"", self.0.escape_ascii())
    }
}

impl Seeds {
    /// Reads the folder of a target.
    pub fn of(target: &str) -> Self {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fuzz/seeds").join(target);
        let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path()).collect();
        files.sort_unstable();
        let whole: Vec<Vec<u8>> = files.iter().map(|file| std::fs::read(file).unwrap()).collect();
        let is_part = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_' || !byte.is_ascii();
        let mut words: Vec<Vec<u8>> =
            whole.iter().flat_map(|seed| seed.split(|b| !is_part(b))).map(<[u8]>::to_vec).collect();
        words.sort_unstable();
        words.dedup();
        Self { whole, words }
    }

    /// The seeds without edits.
    pub fn whole(&self) -> &[Vec<u8>] {
        &self.whole
    }

    /// A seed after up to seven edits.
    pub fn mutated(&self, rng: &mut StdRng) -> Input {
        let mut input = one_of(&self.whole, rng).clone();
        for _ in 0..rng.random_range(0..8) {
            self.edit(&mut input, rng);
        }
        Input(input)
    }

    fn edit(&self, input: &mut Vec<u8>, rng: &mut StdRng) {
        let end = input.len();
        let at = rng.random_range(0..=end);
        let (removed, added) = match rng.random_range(0..7) {
            0 => (0, (0..rng.random_range(1..6)).map(|_| rng.random()).collect()),
            1 => (rng.random_range(1..20), Vec::new()),
            2 => (1, vec![rng.random()]),
            // Repeats the text at this position.
            3 => {
                let to = end.min(at + rng.random_range(1..20));
                (0, input[at..to].repeat(rng.random_range(1..40)))
            }
            4 => (0, one_of(&self.words, rng).clone()),
            5 => (0, one_of(ODD, rng).as_bytes().to_vec()),
            // Continues with another seed.
            _ => {
                let other = one_of(&self.whole, rng);
                (end, other[rng.random_range(0..=other.len())..].to_vec())
            }
        };
        input.splice(at..end.min(at + removed), added);
    }
}

fn one_of<'a, T>(list: &'a [T], rng: &mut StdRng) -> &'a T {
    &list[rng.random_range(0..list.len())]
}
