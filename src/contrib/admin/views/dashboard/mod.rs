//! The dashboard: logins, refusals, sessions and lockouts over time. Python counterpart: none.

mod chart;
mod search;

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use askama::Template;
use chrono::{DateTime, Utc};

use self::chart::{Chart, Series};
pub(super) use self::search::search;
use crate::contrib::admin::chrome::{Chrome, may_see_accounts};
use crate::contrib::admin::error::PageError;
use crate::contrib::admin::render::render;
use crate::contrib::admin::request::AdminRequest;
use crate::contrib::admin::sites::AdminSite;
use crate::contrib::admin::statistics::{Event, EventCounts, Gauge, HOUR, HourlyCount, counts_since};
use crate::db::{DatabaseError, DbConnection};

/// The period of the charts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Period {
    Day,
    Week,
    Month,
}

impl Period {
    const ALL: [Self; 3] = [Self::Day, Self::Week, Self::Month];

    fn from_name(name: Option<&str>) -> Self {
        Self::ALL.into_iter().find(|period| Some(period.name()) == name).unwrap_or(Self::Day)
    }

    fn name(self) -> &'static str {
        match self {
            Self::Day => "day",
            Self::Week => "week",
            Self::Month => "month",
        }
    }

    fn label(self) -> &'static str {
        match self {
            Self::Day => "24 hours",
            Self::Week => "7 days",
            Self::Month => "30 days",
        }
    }

    /// Seconds of a bar, and how many bars there are.
    fn bars(self) -> (i64, i64) {
        match self {
            Self::Day => (HOUR, 24),
            Self::Week => (6 * HOUR, 28),
            Self::Month => (24 * HOUR, 30),
        }
    }

    fn format(self) -> &'static str {
        match self {
            Self::Day => "%H:%M",
            Self::Week | Self::Month => "%-d %b",
        }
    }
}

#[derive(Template)]
#[template(path = "admin/dashboard.html")]
struct DashboardPage {
    chrome: Chrome,
    period: Period,
    charts: Vec<Chart>,
    figures: Vec<Figure>,
    /// Whether `manage migrate` has made the table.
    is_counted: bool,
}

/// A number at the top.
struct Figure {
    name: &'static str,
    value: i64,
    note: String,
}

impl DashboardPage {
    fn periods(&self) -> [Period; 3] {
        Period::ALL
    }

    fn is_chosen(&self, period: &Period) -> bool {
        self.period == *period
    }
}

/// The data from the database.
struct DashboardData {
    counts: Vec<HourlyCount>,
    gauges: Vec<(Gauge, i64)>,
    locked: i64,
    is_counted: bool,
}

/// `dashboard/`.
pub(super) async fn dashboard(site: &AdminSite, request: &AdminRequest) -> Result<HttpResponse, PageError> {
    if !may_see_accounts(site, request) {
        return Err(PageError::PermissionDenied);
    }
    let counts = request.apps.get::<EventCounts>()?;
    // The charts should include the latest counts of this process.
    if let Err(error) = counts.flush(&request.db).await
        && !error.is_missing_table()
    {
        return Err(error.into());
    }
    let period = Period::from_name(request.params.get("period"));
    let (step, bars) = period.bars();
    let now = request.now();
    // The last bar is the current period, which is not complete.
    let end = now.timestamp().div_euclid(step) * step + step;
    let first = end - step * bars;
    let (gauges, auth) = (counts.gauges().to_vec(), request.auth()?.clone());
    let read = move |conn: &mut DbConnection| -> Result<DashboardData, DatabaseError> {
        let gauges = gauges.iter().map(|gauge| Ok((*gauge, (gauge.count)(conn, now)?)));
        let gauges = gauges.collect::<Result<Vec<_>, DatabaseError>>()?;
        let locked = auth.count_locked(conn)?;
        let (counts, is_counted) = match counts_since(conn, first).map_err(DatabaseError::from) {
            Ok(counts) => (counts, true),
            Err(error) if error.is_missing_table() => (Vec::new(), false),
            Err(error) => return Err(error),
        };
        Ok(DashboardData { counts, gauges, locked, is_counted })
    };
    let known = request.db.query(read).await?;
    let charts = charts(&known, period, first);
    let in_period = format!("in the last {}", period.label());
    let total = |id: &str| charts.iter().find(|chart| chart.id == id).map_or(0, Chart::total);
    let mut figures = vec![
        Figure { name: "Logins", value: total("logins"), note: in_period.clone() },
        Figure { name: "Refusals", value: total("refusals"), note: in_period },
    ];
    let figure = |(gauge, value): &(Gauge, i64)| Figure { name: gauge.label, value: *value, note: "now".to_owned() };
    figures.extend(known.gauges.iter().map(figure));
    figures.push(Figure { name: "Locked out", value: known.locked, note: "now".to_owned() });
    let chrome = Chrome::of(site, request).titled("Dashboard").last_crumb("Dashboard");
    let page = DashboardPage { chrome, period, charts, figures, is_counted: known.is_counted };
    Ok(render(StatusCode::OK, &page))
}

fn charts(known: &DashboardData, period: Period, first: i64) -> Vec<Chart> {
    let (step, bars) = period.bars();
    let starts: Vec<i64> = (0..bars).map(|bar| first + bar * step).collect();
    let moment = |start: &i64| DateTime::from_timestamp(*start, 0).unwrap_or(DateTime::<Utc>::MIN_UTC);
    let labels: Vec<String> = starts.iter().map(|start| moment(start).format(period.format()).to_string()).collect();
    let times: Vec<String> = starts.iter().map(|start| moment(start).format("%Y-%m-%d %H:%M").to_string()).collect();
    let of_bar = |name: &str, start: i64| {
        let is_in = move |count: &&HourlyCount| count.event == name && (start..start + step).contains(&count.hour);
        known.counts.iter().filter(is_in).map(|count| count.total).collect::<Vec<_>>()
    };
    let events = |events: &[Event]| -> Vec<Series> {
        let series = |event: &Event| Series {
            name: event.label(),
            values: starts.iter().map(|start| of_bar(event.name(), *start).iter().sum()).collect(),
        };
        events.iter().map(series).collect()
    };
    let chart = |id, title, series: Vec<Series>| {
        let sums: Vec<_> =
            series.iter().map(|series| format!("{} {}", series.name, series.values.iter().sum::<i64>())).collect();
        let summary = format!("{title} in the last {}: {}", period.label(), sums.join(", "));
        Chart::new(id, title, summary, series, &labels, &times)
    };
    let mut charts = vec![
        chart("logins", "Logins", events(&[Event::Login])),
        chart("refusals", "Refusals by reason", events(&Event::REFUSALS)),
    ];
    for (gauge, value) in &known.gauges {
        // The highest value of each bar; hours in which no server ran have none.
        let values = starts.iter().map(|start| of_bar(gauge.name, *start).into_iter().max().unwrap_or(0)).collect();
        let series = vec![Series { name: gauge.label, values }];
        let summary = format!("{} over the last {}; now {value}", gauge.label, period.label());
        charts.push(Chart::new(gauge.name, gauge.label, summary, series, &labels, &times));
    }
    charts.push(chart("lockouts", "Lockouts", events(&[Event::LoginLockedOut])));
    charts.push(chart("tokens", "Tokens", events(&[Event::Refresh, Event::Logout])));
    charts
}
