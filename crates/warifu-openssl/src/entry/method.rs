//! Table 6.1.1 of the specification: the methods for `SSL_CTX_new`. They cannot fail.

use warifu::parameters::ProtocolVersion;

use crate::method::{Method, Role};

const CLIENT: Option<Role> = Some(Role::Client);
const SERVER: Option<Role> = Some(Role::Server);
const TLS1_0: Option<ProtocolVersion> = Some(ProtocolVersion::TLS1_0);
const TLS1_1: Option<ProtocolVersion> = Some(ProtocolVersion::TLS1_1);
const TLS1_2: Option<ProtocolVersion> = Some(ProtocolVersion::TLS1_2);
const TLS1_3: Option<ProtocolVersion> = Some(ProtocolVersion::TLS1_3);

/// Declares methods. Each row reads `NAME, OTHER_NAME = role, version;` and becomes one function for each name.
macro_rules! methods {
    ($($($name:ident),+ = $role:expr, $version:expr;)*) => {$(
        methods!(@each [$($name)+] $role, $version);
    )*};
    (@each [$($name:ident)+] $role:expr, $version:expr) => {$(
        #[doc = concat!("The method `", stringify!($name), "`.")]
        #[unsafe(no_mangle)]
        pub extern "C" fn $name() -> *const Method {
            static METHOD: Method = Method::new($role, $version);
            &METHOD
        }
    )+};
}

methods! {
    TLS_method, SSLv23_method = None, None;
    TLS_client_method, SSLv23_client_method = CLIENT, None;
    TLS_server_method, SSLv23_server_method = SERVER, None;
    TLSv1_3_method = None, TLS1_3;
    TLSv1_3_client_method = CLIENT, TLS1_3;
    TLSv1_3_server_method = SERVER, TLS1_3;
    TLSv1_2_method = None, TLS1_2;
    TLSv1_2_client_method = CLIENT, TLS1_2;
    TLSv1_2_server_method = SERVER, TLS1_2;
    TLSv1_1_method = None, TLS1_1;
    TLSv1_1_client_method = CLIENT, TLS1_1;
    TLSv1_1_server_method = SERVER, TLS1_1;
    TLSv1_method = None, TLS1_0;
    TLSv1_client_method = CLIENT, TLS1_0;
    TLSv1_server_method = SERVER, TLS1_0;
}
