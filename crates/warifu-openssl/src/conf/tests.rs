use warifu::parameters::ProtocolVersion;

use super::*;
use crate::method::Method;

static METHOD: Method = Method::new(None, None);

fn of_file() -> (ConfCtx, Arc<Context>) {
    let conf = ConfCtx::default();
    conf.set_flags(FLAG_FILE | FLAG_CLIENT | FLAG_SERVER | FLAG_CERTIFICATE | FLAG_SHOW_ERRORS);
    let context = Arc::new(Context::new(&METHOD));
    conf.set_target(Target::Context(context.clone()));
    (conf, context)
}

#[test]
fn commands_of_files_change_settings() {
    let (conf, context) = of_file();
    for (name, value) in [
        (c"CipherString", c"AES128-SHA"),
        (c"ciphersuites", c"TLS_AES_128_GCM_SHA256"),
        (c"Groups", c"P-256"),
        (c"SignatureAlgorithms", c"RSA+SHA256"),
        (c"MinProtocol", c"TLSv1.1"),
        (c"Protocol", c"ALL, -TLSv1.3"),
        (c"Options", c"-SessionTicket,ServerPreference"),
        (c"VerifyMode", c"Require"),
        (c"RecordPadding", c"64"),
    ] {
        assert_eq!(
            conf.run(name.to_bytes(), Some(value)),
            Ok(Done::WithValue),
            "{name:?}"
        );
    }
    let settings = context.settings();
    let names: Vec<_> = settings
        .ciphers
        .ciphers()
        .iter()
        .map(|cipher| cipher.name)
        .collect();
    assert_eq!(names, [c"TLS_AES_128_GCM_SHA256", c"AES128-SHA"]);
    let versions = settings.versions().unwrap();
    assert_eq!(versions, ProtocolVersion::TLS1_1..=ProtocolVersion::TLS1_2);
    let bits = option::NO_TICKET | option::SERVER_PREFERENCE;
    assert_eq!(settings.options.0 & bits, bits);
    assert_eq!(settings.verification.mode(None), 3);
    assert_eq!(settings.padding_block, 64);
}

#[test]
fn bad_values_and_unknown_names_are_told_apart() {
    let (conf, _) = of_file();
    for (name, value) in [
        (c"CipherString", c"FOO"),
        (c"Groups", c"FOO"),
        (c"MinProtocol", c"TLSv9"),
        (c"Options", c"FOO"),
        (c"Protocol", c"FOO"),
        (c"VerifyMode", c"FOO"),
        (c"Certificate", c"/nonexistent"),
        (c"NumTickets", c"-1"),
    ] {
        let result = conf.run(name.to_bytes(), Some(value));
        assert!(matches!(result, Err(Refusal::Failed(_))), "{name:?}");
    }
    assert!(matches!(conf.run(b"FOO", None), Err(Refusal::Unknown(_))));
    assert!(matches!(
        conf.run(b"-cipher", None),
        Err(Refusal::Unknown(_))
    ));
    assert_eq!(conf.run(b"CipherString", None), Err(Refusal::NeedsValue));
}

#[test]
fn prefixes_and_command_lines() {
    let conf = ConfCtx::default();
    conf.set_flags(FLAG_CMDLINE | FLAG_CLIENT);
    assert_eq!(conf.run(b"-no_tls1_3", None), Ok(Done::WithoutValue));
    assert_eq!(conf.run(b"-cipher", Some(c"ALL")), Ok(Done::WithValue));
    assert!(matches!(
        conf.run(b"-serverpref", None),
        Err(Refusal::Unknown(Fault::Quiet))
    ));
    assert!(matches!(conf.run(b"-", None), Err(Refusal::Unknown(_))));
    assert_eq!(
        [
            conf.value_type(b"-cipher"),
            conf.value_type(b"-bugs"),
            conf.value_type(b"x")
        ],
        [1, 4, 0]
    );
    conf.set_prefix(b"--tls-");
    assert_eq!(conf.run(b"--tls-cipher", Some(c"ALL")), Ok(Done::WithValue));
    assert!(matches!(
        conf.run(b"-cipher", Some(c"ALL")),
        Err(Refusal::Unknown(_))
    ));
    let (conf, _) = of_file();
    conf.set_prefix(b"TLS");
    assert_eq!(
        conf.run(b"tlsCIPHERSTRING", Some(c"ALL")),
        Ok(Done::WithValue)
    );
}
