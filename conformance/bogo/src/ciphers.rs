//! Cipher lists as BoringSSL's `-cipher` takes them.

use warifu::config::Policy;
use warifu::parameters::CipherSuite;

use crate::options::Unimplemented;

/// What BoringSSL calls 3DES: the one suite of it that it has.
const TRIPLE_DES: CipherSuite = CipherSuite(0x000a);

/// The suites that a client offers and a server takes where no list says otherwise: all of BoringSSL's but 3DES, and those with a
/// pre-shared key where there is one. DHE is not among them.
pub(crate) fn default_suites(with_psk: bool) -> Vec<CipherSuite> {
    Policy::Legacy
        .cipher_suites()
        .into_iter()
        .filter(|suite| {
            let exchange = suite.key_exchange().unwrap_or_default();
            match exchange {
                "PSK" | "ECDHE_PSK" => with_psk,
                exchange => {
                    !exchange.contains("DHE_PSK") && !is_dhe(exchange) && exchange != "RSA_PSK"
                }
            }
        })
        .collect()
}

fn is_dhe(exchange: &str) -> bool {
    exchange.starts_with("DHE")
}

/// Reads a list. Groups of equal preference, in brackets, are taken in their order; the suites of TLS 1.3 always belong to it.
pub(crate) fn suites(list: &str) -> Result<Vec<CipherSuite>, Unimplemented> {
    let all = default_suites(false);
    let mut suites: Vec<CipherSuite> = Vec::new();
    for word in list
        .split([':', '[', '|', ']'])
        .filter(|word| !word.is_empty())
    {
        let (removes, word) = match word.strip_prefix('!') {
            Some(word) => (true, word),
            None => (false, word),
        };
        let has =
            |suite: &CipherSuite, part: &str| suite.name().is_some_and(|name| name.contains(part));
        let named: Vec<CipherSuite> = match word {
            "ALL" | "DEFAULT" => all.clone(),
            "AES" => all
                .iter()
                .copied()
                .filter(|suite| has(suite, "_AES_"))
                .collect(),
            "AES128" => all
                .iter()
                .copied()
                .filter(|suite| has(suite, "_AES_128_"))
                .collect(),
            "3DES" => vec![TRIPLE_DES],
            name => vec![
                CipherSuite::from_any_name(name)
                    .ok_or_else(|| Unimplemented(format!("cipher suite {name}")))?,
            ],
        };
        match removes {
            true => suites.retain(|suite| !named.contains(suite)),
            false => suites.extend(named),
        }
    }
    let is_tls13 = |suite: &&CipherSuite| suite.0 >> 8 == 0x13;
    suites.extend(all.iter().filter(is_tls13));
    Ok(suites)
}
