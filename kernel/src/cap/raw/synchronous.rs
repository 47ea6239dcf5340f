//! Stored capabilities to endpoints and replies.

use rel4_abi::CapRights;

use super::{RawCap, Tag};
use crate::cap::{EndpointCap, ReplyCap};

impl RawCap {
    /// The capability, if it is one to an endpoint.
    #[inline(always)]
    pub fn as_endpoint(self) -> Option<EndpointCap> {
        self.is(Tag::Endpoint).then(|| EndpointCap {
            endpoint: self.object(Tag::Endpoint),
            badge: self.0[1],
            rights: CapRights::from_word(self.field(0, 4)),
        })
    }

    /// The capability, if it is a reply capability.
    #[inline(always)]
    pub fn as_reply(self) -> Option<ReplyCap> {
        self.is(Tag::Reply).then(|| ReplyCap {
            caller: self.object(Tag::Reply),
            master: self.field(0, 1) != 0,
            can_grant: self.field(1, 1) != 0,
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::cap::Cap;
    use crate::obj::Obj;
    use crate::object::Endpoint;

    proptest! {
        #[test]
        fn endpoint_caps_round_trip(rights in 0u64..16, badge: u64) {
            let endpoint: &'static Endpoint = Box::leak(Box::default());
            let rights = CapRights::from_word(rights);
            let cap = Cap::Endpoint(EndpointCap { endpoint: Obj::from_static(endpoint), badge, rights });
            prop_assert_eq!(RawCap::encode(cap).decode(), cap);
        }
    }
}
