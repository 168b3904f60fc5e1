//! Findings for other programs.

use super::codes::CODES;
use super::finding::Finding;
use crate::diag::Severity;
use serde_json::{Value, json as value};

/// `{"code":…,"severity":…,"file":…,"line":…,"column":…,"message":…,"help":…}`
pub fn json(finding: &Finding) -> Value {
    let place = &finding.diagnostic.place;
    value!({
        "code": finding.code.id,
        "severity": severity(finding.diagnostic.severity),
        "file": place.file,
        "line": place.line,
        "column": place.column,
        "message": finding.diagnostic.message,
        "help": finding.diagnostic.help,
    })
}

fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Notice => "notice",
        Severity::Warning => "warning",
        Severity::Error => "error",
    }
}

/// SARIF 2.1.0, as code review tools read it.
pub fn sarif(findings: &[Finding]) -> Value {
    let rules: Vec<Value> = CODES
        .iter()
        .map(|code| value!({ "id": code.id, "shortDescription": { "text": code.name } }))
        .collect();
    let results: Vec<Value> = findings.iter().map(result).collect();
    let driver = value!({ "name": "canonify lint", "version": env!("CARGO_PKG_VERSION"), "rules": rules });
    value!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{ "tool": { "driver": driver }, "results": results }],
    })
}

fn result(finding: &Finding) -> Value {
    let place = &finding.diagnostic.place;
    let level = match finding.diagnostic.severity {
        Severity::Notice => "note",
        Severity::Warning => "warning",
        Severity::Error => "error",
    };
    let mut text = finding.diagnostic.message.clone();
    text.extend(finding.diagnostic.help.iter().map(|help| format!(" ({help})")));
    let mut location = value!({ "artifactLocation": { "uri": place.file } });
    if place.line > 0 {
        // a region without a column is the whole line
        location["region"] = match place.column {
            0 => value!({ "startLine": place.line }),
            column => value!({ "startLine": place.line, "startColumn": column }),
        };
    }
    value!({
        "ruleId": finding.code.id,
        "level": level,
        "message": { "text": text },
        "locations": [{ "physicalLocation": location }],
    })
}
