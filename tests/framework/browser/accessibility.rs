//! Whether everybody can use a page: axe-core (<https://github.com/dequelabs/axe-core>) with the rules of WCAG 2.2 AA.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use serde::Deserialize;

use super::{Page, Theme};

/// Where `./just` installs it, seen from the root of the checkout.
const AXE: &str = "target/browser-assets/node_modules/axe-core/axe.min.js";

/// Success criteria of levels A and AA (axe-core, doc/API.md, "Axe-core Tags").
const AUDIT: &str = r#"(async () => {
  // A colour on its way to another is nobody's fault.
  for (const animation of document.getAnimations()) {
    try { animation.finish() } catch { /* one that never ends */ }
  }
  const tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"];
  const { passes, violations, incomplete } = await axe.run(document, { runOnly: { type: "tag", values: tags } });
  const told = (rule) => ({
    rule: rule.id,
    help: rule.help,
    targets: rule.nodes.map((node) => ({
      selector: node.target.flat().join(" "),
      why: [...node.any, ...node.all, ...node.none].map((check) => check.message).join("; "),
    })),
  });
  return { passed: passes.length, violations: violations.map(told), undecided: incomplete.map(told) };
})()"#;

/// What an audit of a page has found.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Audit {
    /// Rules that applied to something on the page and were kept everywhere.
    pub passed: u64,
    /// Rules that were broken.
    pub violations: Vec<Finding>,
    /// Rules of which only a person can say whether they were kept.
    pub undecided: Vec<Finding>,
}

/// A rule with the elements it is about.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Finding {
    /// Name of the rule, as in axe-core's list.
    pub rule: String,
    /// What it asks for.
    pub help: String,
    /// The elements.
    pub targets: Vec<Target>,
}

/// An element that a rule is about.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Target {
    /// Selector that finds it.
    pub selector: String,
    /// What was found there, with numbers.
    pub why: String,
}

impl std::fmt::Display for Finding {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} ({})", self.rule, self.help)?;
        for target in &self.targets {
            write!(f, "\n    {}: {}", target.selector, target.why)?;
        }
        Ok(())
    }
}

impl Page {
    /// Audits the page as it is shown in this theme, which stays. Scripts must be allowed.
    ///
    /// # Errors
    /// axe-core is not installed, or did not get through.
    pub fn audit(&mut self, theme: Theme) -> Result<Audit> {
        self.set_theme(theme)?;
        self.attempt(|page| {
            let axe = source(Path::new(AXE))?;
            // Chromium does not apply the page's content security policy to what is evaluated this way.
            page.evaluate(&format!("{axe}\n;null"), false)?
                .context("the page went away")?;
            let found = page
                .evaluate(AUDIT, true)?
                .context("the page went away during the audit")?;
            serde_json::from_value(found).context("axe-core gave another answer than expected")
        })
    }

    /// That an audit of the page in this theme finds nothing.
    ///
    /// # Errors
    /// Names each broken rule with the elements, or says that no rule was applied.
    pub fn check_accessibility(&mut self, theme: Theme) -> Result<Audit> {
        self.attempt(|page| {
            let audit = page.audit(theme)?;
            let broken: Vec<String> = audit.violations.iter().map(Finding::to_string).collect();
            ensure!(
                broken.is_empty(),
                "in the {} theme the page is not for everybody:\n  {}",
                theme.name(),
                broken.join("\n  ")
            );
            // A page without a language or a title breaks rules: nothing kept is nothing looked at.
            ensure!(audit.passed > 0, "axe-core found nothing on the page to look at");
            Ok(audit)
        })
    }
}

fn source(path: &Path) -> Result<String> {
    fs::read_to_string(path).with_context(|| {
        format!(
            "axe-core is not in {}: ./just test-image installs it; start this in the root folder of the checkout",
            path.display()
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_finding_names_rule_elements_and_numbers() {
        let found = r#"{ "passed": 3, "undecided": [], "violations": [{ "rule": "color-contrast", "help": "Be readable",
            "targets": [{ "selector": "p", "why": "contrast of 2.1" }, { "selector": "h1", "why": "contrast of 1" }] }] }"#;
        let audit: Audit = serde_json::from_str(found).expect("an audit");
        assert_eq!(
            audit.violations[0].to_string(),
            "color-contrast (Be readable)\n    p: contrast of 2.1\n    h1: contrast of 1"
        );
    }

    #[test]
    fn a_missing_axe_says_where_it_comes_from() {
        let error = format!("{:#}", source(Path::new("/no/axe.min.js")).expect_err("missing"));
        assert!(error.contains("./just test-image installs it"), "{error}");
    }
}
