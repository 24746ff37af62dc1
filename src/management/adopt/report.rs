//! The report: findings in groups.

use std::fmt;

/// The group of a finding, in the order of the report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum FindingGroup {
    /// With these settings the server would not start, or would refuse what Django accepts. There is no `.env`.
    Blocking,
    /// Something that Django's settings or URLs name by a Python path has to be written in Rust.
    Code,
    /// Clients get other responses than Django's.
    Clients,
    /// Clients do not notice it.
    Note,
    /// It was tried, and works.
    Proven,
}

impl FindingGroup {
    const ALL: [(Self, &'static str); 5] = [
        (Self::Blocking, "Must be fixed first"),
        (Self::Code, "Needs code in this project"),
        (Self::Clients, "Clients will notice"),
        (Self::Note, "Good to know"),
        (Self::Proven, "Tried, and works"),
    ];
}

/// A finding.
#[derive(Clone, Debug)]
pub(super) struct Finding {
    group: FindingGroup,
    what: String,
    clients: String,
    remedy: String,
    lines: Vec<String>,
}

impl Finding {
    pub(super) fn new(group: FindingGroup, what: impl Into<String>) -> Self {
        Self { group, what: what.into(), clients: String::new(), remedy: String::new(), lines: Vec::new() }
    }

    pub(super) fn blocking(what: impl Into<String>) -> Self {
        Self::new(FindingGroup::Blocking, what)
    }

    pub(super) fn code(what: impl Into<String>) -> Self {
        Self::new(FindingGroup::Code, what)
    }

    pub(super) fn noticed(what: impl Into<String>) -> Self {
        Self::new(FindingGroup::Clients, what)
    }

    pub(super) fn note(what: impl Into<String>) -> Self {
        Self::new(FindingGroup::Note, what)
    }

    pub(super) fn proven(what: impl Into<String>) -> Self {
        Self::new(FindingGroup::Proven, what)
    }

    /// What clients notice.
    pub(super) fn clients(mut self, text: impl Into<String>) -> Self {
        self.clients = text.into();
        self
    }

    /// What to do.
    pub(super) fn remedy(mut self, text: impl Into<String>) -> Self {
        self.remedy = text.into();
        self
    }

    /// Lines below it: code, or a list.
    pub(super) fn lines(mut self, lines: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.lines.extend(lines.into_iter().map(Into::into));
        self
    }
}

/// All findings, and the facts at the beginning of the report.
#[derive(Debug, Default)]
pub(super) struct Report {
    facts: Vec<String>,
    findings: Vec<Finding>,
    without_effect: Vec<String>,
}

impl Report {
    pub(super) fn fact(&mut self, line: impl Into<String>) {
        self.facts.push(line.into());
    }

    /// Adds a finding, unless the report has it already.
    pub(super) fn add(&mut self, finding: Finding) {
        if self.findings.iter().all(|other| other.what != finding.what) {
            self.findings.push(finding);
        }
    }

    /// Adds a setting that has no effect on the API of this server. All of them are one line of the report.
    pub(super) fn without_effect(&mut self, name: impl Into<String>) {
        self.without_effect.push(name.into());
    }

    pub(super) fn count(&self, group: FindingGroup) -> usize {
        self.findings.iter().filter(|finding| finding.group == group).count()
    }

    /// Whether the server would work with the settings that were carried over.
    pub(super) fn would_work(&self) -> bool {
        self.count(FindingGroup::Blocking) == 0
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.facts.iter().try_for_each(|line| writeln!(f, "{line}"))?;
        let without_effect = (!self.without_effect.is_empty())
            .then(|| Finding::note(format!("Without effect on this server: {}.", self.without_effect.join(", "))));
        for (group, heading) in FindingGroup::ALL {
            let all = self.findings.iter().chain(&without_effect);
            let findings: Vec<_> = all.filter(|finding| finding.group == group).collect();
            if !findings.is_empty() {
                writeln!(f, "\n{heading} ({})", findings.len())?;
                findings.iter().try_for_each(|finding| finding.fmt(f))?;
            }
        }
        Ok(())
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "  - {}", self.what)?;
        for (label, text) in [("Clients", &self.clients), ("To do", &self.remedy)] {
            if !text.is_empty() {
                writeln!(f, "      {label}: {text}")?;
            }
        }
        self.lines.iter().try_for_each(|line| writeln!(f, "        {line}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn findings_stand_under_their_heading() {
        let mut report = Report::default();
        report.fact("Report");
        report.add(Finding::proven("It answers."));
        report.add(Finding::blocking("No key.").clients("No user logs in.").remedy("Set it.").lines(["KEY=…"]));
        assert!(!report.would_work());
        assert_eq!(
            report.to_string(),
            "Report\n\nMust be fixed first (1)\n  - No key.\n      Clients: No user logs in.\n      To do: Set it.\n        \
             KEY=…\n\nTried, and works (1)\n  - It answers.\n"
        );
    }
}
