//! The clients of a machine as whoever watches it sees them.

use std::io;

use super::{Assignment, ClientError, Clients, Exchange};
use crate::platform::Running;

/// Clients that come to a machine when it says that its server is there. Most machines have none.
#[derive(Debug, Default)]
pub struct Visit {
    /// What they will do.
    assignment: Option<Assignment>,
    /// Those on their way.
    clients: Option<Clients>,
}

impl Visit {
    /// A visit of clients with that `assignment`; of nobody without one.
    #[must_use]
    pub const fn of(assignment: Option<Assignment>) -> Self {
        Self { assignment, clients: None }
    }

    /// Sends them to `machine`.
    ///
    /// # Errors
    /// No port leads to the machine's server, or it cannot be found out.
    pub fn begin(&mut self, machine: &mut dyn Running) -> io::Result<()> {
        if let Some(assignment) = self.assignment.take() {
            let address = machine.server()?.ok_or_else(|| {
                io::Error::other(
                    "no port leads to the server in the machine; give its platform `forward = 0`",
                )
            })?;
            self.clients = Some(Clients::send(assignment, address));
        }
        Ok(())
    }

    /// Whether one of them was not served as it should be.
    #[must_use]
    pub fn has_failed(&self) -> bool {
        self.clients.as_ref().is_some_and(Clients::have_failed)
    }

    /// Whether nobody is on the way.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.clients.as_ref().is_none_or(Clients::are_back)
    }

    /// Waits until all are back from a machine that said that it is done; what they measured, if they went.
    ///
    /// # Errors
    /// One of them was not served as it should be.
    pub fn end(self) -> Result<Option<Vec<Exchange>>, ClientError> {
        self.clients.map(Clients::come_back).transpose()
    }

    /// Waits until all are back from a machine that is gone before it was done.
    ///
    /// # Errors
    /// One of them was not served as it should be, which is no wonder.
    pub fn call_off(self) -> Result<Option<Vec<Exchange>>, ClientError> {
        if let Some(clients) = &self.clients {
            clients.call_off();
        }
        self.end()
    }
}
