//! Types that may be written as a bare value where that says enough.

/// Implements `Deserialize` for a type derived with `#[serde(remote = "Self")]`: a map is read as
/// derived, and each listed bare value becomes one as said.
macro_rules! short_form {
    ($type:ty, $expecting:literal, $($visit:ident($value:ty) => $make:expr),+ $(,)?) => {
        impl<'de> serde::Deserialize<'de> for $type {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct Short;
                impl<'de> serde::de::Visitor<'de> for Short {
                    type Value = $type;
                    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        formatter.write_str($expecting)
                    }
                    $(fn $visit<E: serde::de::Error>(self, value: $value) -> Result<$type, E> {
                        let made: Result<$type, String> = $make(value);
                        made.map_err(E::custom)
                    })+
                    fn visit_map<A: serde::de::MapAccess<'de>>(self, map: A) -> Result<$type, A::Error> {
                        <$type>::deserialize(serde::de::value::MapAccessDeserializer::new(map))
                    }
                }
                deserializer.deserialize_any(Short)
            }
        }
    };
}

pub(super) use short_form;
