//! No capability to an endpoint or a reply is ever stored.

use super::RawCap;
use crate::cap::{EndpointCap, ReplyCap};

impl RawCap {
    /// The capability, if it is one to an endpoint: it is not.
    #[inline(always)]
    pub fn as_endpoint(self) -> Option<EndpointCap> {
        None
    }

    /// The capability, if it is a reply capability: it is not.
    #[inline(always)]
    pub fn as_reply(self) -> Option<ReplyCap> {
        None
    }
}
