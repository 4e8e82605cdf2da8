//! The machine made as it was before its setup: a mark in the state, and a restart. What the next start does is in
//! `pocketstack-initrd`.

use pocketstack_plan::reset::decide;

use super::{Control, Power};

impl Control {
    /// Restarts the machine without its state: settings, password, certificate, logs. Volumes and the system stay.
    ///
    /// # Errors
    /// Why not, in words; the state stays then.
    pub async fn factory_reset(&self) -> Result<(), String> {
        let state = self.0.machine.state().await;
        decide(&state, &self.0.installation.borrow()).map_err(|error| error.to_string())?;
        // Nothing is stored any more in the middle of it.
        let _alone = self.0.state.lock().await;
        self.0.machine.mark_for_reset(true).await?;
        tracing::warn!("the reset of this machine was asked for: it restarts without its state");
        let Err(why) = self.0.machine.power(Power::Restart).await else {
            return Ok(());
        };
        // Or a restart in a month would be the one.
        match self.0.machine.mark_for_reset(false).await {
            Ok(()) => Err(why),
            Err(left) => Err(format!(
                "{why}; the next restart removes the state all the same: {left}"
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use pocketstack_model::install::Then;

    use super::*;
    use crate::control::testing::{Node, on_vda};

    #[tokio::test(start_paused = true)]
    async fn a_reset_is_a_mark_and_a_restart() {
        let node = Node::new();
        let control = node.start();
        let refused = control.factory_reset().await.expect_err("nothing is kept");
        assert!(refused.contains("restarting it is enough"), "{refused}");
        node.machine.asked().keeps_state = true;
        control.factory_reset().await.expect("begun");
        let asked = node.machine.asked();
        assert_eq!((asked.marked, asked.power), (true, Some(Power::Restart)));
    }

    #[tokio::test(start_paused = true)]
    async fn a_machine_that_goes_on_keeps_its_state() {
        let node = Node::new();
        let control = node.start();
        node.machine.asked().keeps_state = true;
        node.machine.asked().stays = Some("systemd does not answer".to_owned());
        assert_eq!(
            control.factory_reset().await,
            Err("systemd does not answer".to_owned())
        );
        assert!(!node.machine.asked().marked);
        node.machine.asked().stays = None;
        control.install(on_vda(Then::Restart)).await.expect("begun");
        assert!(control.factory_reset().await.is_err());
        assert!(!node.machine.asked().marked);
    }
}
