//! Paths that name the model, as Azure's deployments do.

use percent_encoding::percent_decode_str;

/// The model that a path names: `my-model` of `/openai/deployments/my-model/embeddings`.
///
/// <https://learn.microsoft.com/azure/ai-services/openai/reference#embeddings>
pub(super) fn model_of_path(path: &str) -> Option<String> {
    let mut segments = path.split('/');
    segments.find(|segment| *segment == "deployments")?;
    let name = segments.next().filter(|name| !name.is_empty())?;
    Some(percent_decode_str(name).decode_utf8_lossy().into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_deployment_names_a_model() {
        let model = |path| model_of_path(path);
        assert_eq!(model("/openai/deployments/my%20model/embeddings").as_deref(), Some("my model"));
        assert_eq!(model("/deployments/m/chat/completions").as_deref(), Some("m"));
        assert_eq!(model("/v1/embeddings"), None);
        assert_eq!(model("/openai/v1/embeddings"), None);
        assert_eq!(model("/openai/deployments"), None);
        assert_eq!(model("/openai/deployments//embeddings"), None);
    }
}
