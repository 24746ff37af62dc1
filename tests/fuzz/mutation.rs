//! Inputs near the seeds: each is one of them with some edits. Far from any seed there is little but the first refusal.

use std::fmt;
use std::path::Path;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;

/// The seeds of a target, and the words that they are made of.
#[derive(Clone, Debug)]
pub struct Seeds {
    whole: Vec<Vec<u8>>,
    words: Vec<Vec<u8>>,
}

/// What is odd in one way or another wherever it stands.
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

#[derive(Clone, Debug)]
enum Edit {
    Insert(Index, Vec<u8>),
    Remove(Index, u8),
    Set(Index, u8),
    /// Writes again what stands there, so many times.
    Repeat(Index, u8, u8),
    /// A word of the seeds, or something odd.
    Word(Index, Index),
    Odd(Index, Index),
    /// Goes on as another seed does.
    Splice(Index, Index, Index),
}

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

    /// The seeds as they are.
    pub fn whole(&self) -> &[Vec<u8>] {
        &self.whole
    }

    /// A seed after up to eight edits.
    pub fn mutated(self) -> impl Strategy<Value = Input> {
        (any::<Index>(), vec(edit(), 0..8)).prop_map(move |(seed, edits)| {
            let mut input = seed.get(&self.whole).clone();
            edits.into_iter().for_each(|edit| self.apply(edit, &mut input));
            Input(input)
        })
    }

    fn apply(&self, edit: Edit, input: &mut Vec<u8>) {
        let end = input.len();
        let (at, removed, added) = match edit {
            Edit::Insert(at, bytes) => (at.index(end + 1), 0, bytes),
            Edit::Remove(at, length) => (at.index(end + 1), usize::from(length), Vec::new()),
            Edit::Set(at, byte) => (at.index(end + 1), 1, vec![byte]),
            Edit::Repeat(at, length, times) => {
                let at = at.index(end + 1);
                let to = end.min(at + usize::from(length));
                (at, 0, input[at..to].repeat(times.into()))
            }
            Edit::Word(at, word) => (at.index(end + 1), 0, word.get(&self.words).clone()),
            Edit::Odd(at, word) => (at.index(end + 1), 0, word.get(ODD).as_bytes().to_vec()),
            Edit::Splice(at, other, from) => {
                let other = other.get(&self.whole);
                (at.index(end + 1), end, other[from.index(other.len() + 1)..].to_vec())
            }
        };
        input.splice(at..end.min(at + removed), added);
    }
}

fn edit() -> impl Strategy<Value = Edit> {
    prop_oneof![
        (any::<Index>(), vec(any::<u8>(), 1..6)).prop_map(|(at, bytes)| Edit::Insert(at, bytes)),
        (any::<Index>(), 1..20_u8).prop_map(|(at, length)| Edit::Remove(at, length)),
        (any::<Index>(), any::<u8>()).prop_map(|(at, byte)| Edit::Set(at, byte)),
        (any::<Index>(), 1..20_u8, 1..40_u8).prop_map(|(at, length, times)| Edit::Repeat(at, length, times)),
        (any::<Index>(), any::<Index>()).prop_map(|(at, word)| Edit::Word(at, word)),
        (any::<Index>(), any::<Index>()).prop_map(|(at, word)| Edit::Odd(at, word)),
        (any::<Index>(), any::<Index>(), any::<Index>()).prop_map(|(at, other, from)| Edit::Splice(at, other, from)),
    ]
}
