//! The models: [`world`] is what they are made of.

mod calls;
mod planted;
mod wake_ups;
mod world;
