//! Bars over time, drawn by the server. Each chart is a table as well.

/// Width of a chart in its own units.
const WIDTH: f64 = 480.0;
/// Height of a chart.
const HEIGHT: f64 = 200.0;
/// Room for the numbers at the left.
const LEFT: f64 = 36.0;
/// Room for the times below.
const BOTTOM: f64 = 22.0;
/// Room above the highest bar.
const TOP: f64 = 10.0;
/// Times below the bars.
const TICKS: usize = 6;

/// Numbers of one kind, one for each time.
#[derive(Clone, Debug)]
pub(super) struct Series {
    /// The name in legend and table.
    pub name: &'static str,
    /// The numbers.
    pub values: Vec<i64>,
}

/// A chart with its table.
#[derive(Clone, Debug)]
pub(super) struct Chart {
    /// For ids in the page.
    pub id: &'static str,
    /// The heading.
    pub title: &'static str,
    /// A description of the numbers.
    pub summary: String,
    pub series: Vec<Series>,
    /// The times, for the table.
    pub times: Vec<String>,
    pub bars: Vec<Bar>,
    pub lines: Vec<AxisLabel>,
    pub ticks: Vec<AxisLabel>,
}

/// A rectangle.
#[derive(Clone, Debug)]
pub(super) struct Bar {
    pub x: String,
    pub y: String,
    pub width: String,
    pub height: String,
    /// Number of the series, from 1.
    pub series: usize,
}

/// A label of an axis.
#[derive(Clone, Debug)]
pub(super) struct AxisLabel {
    pub at: String,
    pub text: String,
}

impl Chart {
    /// Draws `series`, one above the other. `labels` are the times below the bars, `times` those in the table.
    pub(super) fn new(
        id: &'static str,
        title: &'static str,
        summary: String,
        series: Vec<Series>,
        labels: &[String],
        times: &[String],
    ) -> Self {
        let count = times.len();
        let total = |place: usize| series.iter().filter_map(|series| series.values.get(place)).sum::<i64>();
        let top = scale_end((0..count).map(total).max().unwrap_or(0));
        let (plot_width, plot_height) = (WIDTH - LEFT, HEIGHT - TOP - BOTTOM);
        let step = plot_width / number(count.max(1));
        let mut bars = Vec::new();
        for place in 0..count {
            let mut below = 0.0;
            for (index, series) in series.iter().enumerate() {
                let value = series.values.get(place).copied().unwrap_or(0);
                if value <= 0 {
                    continue;
                }
                let height = plot_height * ratio(value, top);
                let y = HEIGHT - BOTTOM - below - height;
                below += height;
                bars.push(Bar {
                    x: coordinate(LEFT + step * (number(place) + 0.1)),
                    y: coordinate(y),
                    width: coordinate(step * 0.8),
                    height: coordinate(height),
                    series: index + 1,
                });
            }
        }
        let line = |part: i64| AxisLabel {
            at: coordinate(HEIGHT - BOTTOM - plot_height * ratio(part, 4)),
            text: short(top / 4 * part),
        };
        let every = count.div_ceil(TICKS).max(1);
        let tick = |(place, label): (usize, &String)| AxisLabel {
            at: coordinate(LEFT + step * (number(place) + 0.5)),
            text: label.clone(),
        };
        let ticks = labels.iter().enumerate().step_by(every).map(tick).collect();
        let lines = (0..=4).map(line).collect();
        Self { id, title, summary, series, times: times.to_vec(), bars, lines, ticks }
    }

    /// The sum of all numbers.
    pub(super) fn total(&self) -> i64 {
        self.series.iter().flat_map(|series| &series.values).sum()
    }

    /// The rows of the table: a time, and a number of each series.
    pub(super) fn rows(&self) -> Vec<(&str, Vec<i64>)> {
        let values = |place: usize| {
            let value = |series: &Series| series.values.get(place).copied().unwrap_or(0);
            self.series.iter().map(value).collect()
        };
        // The newest first.
        self.times.iter().enumerate().rev().map(|(place, time)| (time.as_str(), values(place))).collect()
    }
}

/// The end of the scale: a multiple of 4 that is easy to read, at least 4.
fn scale_end(highest: i64) -> i64 {
    let mut unit: i64 = 1;
    loop {
        for factor in [1, 2, 5] {
            let end = unit.saturating_mul(factor).saturating_mul(4);
            if end >= highest {
                return end;
            }
        }
        unit = unit.saturating_mul(10);
    }
}

/// A number for an axis: `12k`.
fn short(value: i64) -> String {
    match value {
        0..10_000 => value.to_string(),
        10_000..10_000_000 => format!("{}k", value / 1_000),
        _ => format!("{}M", value / 1_000_000),
    }
}

#[expect(clippy::cast_precision_loss, reason = "a picture of a few hundred points")]
fn ratio(value: i64, of: i64) -> f64 {
    value as f64 / of.max(1) as f64
}

#[expect(clippy::cast_precision_loss, reason = "a picture of a few hundred points")]
fn number(value: usize) -> f64 {
    value as f64
}

fn coordinate(value: f64) -> String {
    format!("{value:.1}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_fill_the_plot_and_stand_on_each_other() {
        let series = vec![Series { name: "a", values: vec![2, 0, 4] }, Series { name: "b", values: vec![2, 1, 0] }];
        let names = ["1".to_owned(), "2".to_owned(), "3".to_owned()];
        let chart = Chart::new("x", "X", String::new(), series, &names, &names);
        let bars: Vec<_> = chart.bars.iter().map(|bar| (bar.series, bar.y.as_str(), bar.height.as_str())).collect();
        assert_eq!(bars, [(1, "94.0", "84.0"), (2, "10.0", "84.0"), (2, "136.0", "42.0"), (1, "10.0", "168.0")]);
        assert_eq!(chart.total(), 9);
        assert_eq!(chart.rows(), [("3", vec![4, 0]), ("2", vec![0, 1]), ("1", vec![2, 2])]);
        let lines: Vec<_> = chart.lines.iter().map(|line| line.text.as_str()).collect();
        assert_eq!(lines, ["0", "1", "2", "3", "4"]);
    }

    #[test]
    fn the_scale_ends_at_a_number_that_is_easy_to_read() {
        for (highest, end) in [(0, 4), (4, 4), (5, 8), (9, 20), (21, 40), (41, 80), (81, 200), (i64::MAX, i64::MAX)] {
            assert_eq!(scale_end(highest), end, "{highest}");
        }
        assert_eq!((short(9_999), short(10_000), short(20_000_000)), ("9999".into(), "10k".into(), "20M".into()));
    }

    #[test]
    fn a_chart_of_nothing_has_no_bars() {
        let chart = Chart::new("x", "X", String::new(), Vec::new(), &[], &[]);
        assert!(chart.bars.is_empty() && chart.rows().is_empty());
    }
}
