//! Reports for other programs: TAP 14, JUnit's XML, JSON.

use super::report::{Outcome, Report};
use quick_xml::Writer;
use quick_xml::events::BytesText;
use serde_json::{Value, json as value};
use std::io;

/// TAP version 14.
pub fn tap(report: &Report) -> String {
    let mut text = format!("TAP version 14\n1..{}\n", report.outcomes.len());
    for (index, outcome) in report.outcomes.iter().enumerate() {
        let ok = if outcome.passed() { "ok" } else { "not ok" };
        let what = outcome.test.text.replace('\\', "\\\\").replace('#', "\\#");
        text.push_str(&format!("{ok} {} - {}:{} {what}\n", index + 1, outcome.file, outcome.test.line));
        if !outcome.passed() {
            let got = serde_json::to_string(&outcome.asked.answer.shown()).unwrap_or_default();
            text.push_str(&format!("  ---\n  got: {got}\n  ...\n"));
        }
    }
    text
}

/// JUnit's XML; a suite for each file.
///
/// # Errors
/// None that memory can make.
pub fn junit(report: &Report) -> io::Result<String> {
    let mut writer = Writer::new_with_indent(Vec::new(), b' ', 2);
    let (passed, failed) = report.counts();
    let (tests, failures) = ((passed + failed).to_string(), failed.to_string());
    let suites = writer.create_element("testsuites");
    let suites = suites.with_attributes([("tests", &*tests), ("failures", &*failures)]);
    suites.write_inner_content(|writer| {
        for suite in report.outcomes.chunk_by(|one, other| one.file == other.file) {
            let (tests, failures) = (suite.len(), suite.iter().filter(|one| !one.passed()).count());
            let (tests, failures) = (tests.to_string(), failures.to_string());
            let element = writer.create_element("testsuite").with_attributes([
                ("name", &*suite[0].file),
                ("tests", &*tests),
                ("failures", &*failures),
            ]);
            element.write_inner_content(|writer| suite.iter().try_for_each(|one| case(writer, one)))?;
        }
        Ok(())
    })?;
    let xml = String::from_utf8(writer.into_inner()).map_err(io::Error::other)?;
    Ok(format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n{xml}\n"))
}

fn case(writer: &mut Writer<Vec<u8>>, outcome: &Outcome) -> io::Result<()> {
    let line = outcome.test.line.to_string();
    let element = writer.create_element("testcase").with_attributes([
        ("name", printable(&outcome.test.text).as_str()),
        ("classname", &outcome.file),
        ("file", &outcome.file),
        ("line", &line),
    ]);
    if outcome.passed() {
        return element.write_empty().map(drop);
    }
    let got = printable(&outcome.asked.answer.shown());
    let inner = |writer: &mut Writer<Vec<u8>>| {
        let failure = writer.create_element("failure").with_attribute(("message", got.as_str()));
        let place = format!("{}:{}:{}", outcome.file, outcome.test.line, outcome.test.column);
        failure.write_text_content(BytesText::new(&format!("{place}: the answer is {got}"))).map(drop)
    };
    element.write_inner_content(inner).map(drop)
}

/// XML 1.0 has no way to write control characters.
fn printable(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '?' } else { c }).collect()
}

/// `{"passed":…,"failed":…,"tests":[{"file":…,"line":…,"text":…,"passed":…,"got":…}]}`
pub fn json(report: &Report) -> Value {
    let tests: Vec<Value> = report.outcomes.iter().map(test_value).collect();
    let (passed, failed) = report.counts();
    value!({ "passed": passed, "failed": failed, "tests": tests })
}

fn test_value(outcome: &Outcome) -> Value {
    let mut test = value!({
        "file": outcome.file,
        "line": outcome.test.line,
        "text": outcome.test.text,
        "passed": outcome.passed(),
        "got": outcome.asked.answer.shown(),
    });
    if !outcome.passed() {
        test["explanation"] = match &outcome.asked.explanation {
            Some(explanation) => value!(explanation),
            None => value!(outcome.asked.stages),
        };
    }
    test
}
