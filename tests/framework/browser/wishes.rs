//! What a person has set in their browser: theme, languages, scripts, size of the window.

use std::time::Duration;

use anyhow::Result;
use serde_json::json;

use super::Page;

/// What a person prefers (`prefers-color-scheme`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Theme {
    /// Dark on light.
    Light,
    /// Light on dark.
    Dark,
}

impl Theme {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Light, Self::Dark];

    /// As CSS and reports name it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }
}

impl Page {
    /// Prefers a theme from now on, on this and all later pages.
    ///
    /// # Errors
    /// The page does not answer.
    pub fn set_theme(&mut self, theme: Theme) -> Result<()> {
        let features = json!([{ "name": "prefers-color-scheme", "value": theme.name() }]);
        self.attempt(|page| {
            page.must("Emulation.setEmulatedMedia", json!({ "features": features }))
                .map(drop)
        })
    }

    /// Asks for these languages (`Accept-Language`, best first: `pt-BR,en`) from the next page on.
    ///
    /// # Errors
    /// The page does not answer.
    pub fn set_languages(&mut self, languages: &str) -> Result<()> {
        self.attempt(|page| {
            let wanted = json!({ "userAgent": page.agent, "acceptLanguage": languages });
            page.must("Emulation.setUserAgentOverride", wanted).map(drop)
        })
    }

    /// Switches JavaScript off or on, from the next page on.
    ///
    /// # Errors
    /// The page does not answer.
    pub fn allow_scripts(&mut self, allowed: bool) -> Result<()> {
        self.attempt(|page| {
            page.must(
                "Emulation.setScriptExecutionDisabled",
                json!({ "value": !allowed }),
            )
            .map(drop)
        })
    }

    /// Waits this long for each thing from now on; see [`with_patience`](super::Browser::with_patience).
    pub fn set_patience(&mut self, patience: Duration) {
        self.patience = patience;
    }

    /// Makes the window this large, in CSS pixels.
    ///
    /// # Errors
    /// The page does not answer.
    pub fn resize(&mut self, width: u32, height: u32) -> Result<()> {
        let size = json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": false });
        self.attempt(|page| page.must("Emulation.setDeviceMetricsOverride", size).map(drop))
    }
}
