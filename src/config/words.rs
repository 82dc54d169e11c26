//! The nearest valid word to a wrong one.

/// What people write who know another program, and the word it has here.
const ALIASES: &[(&str, &str)] = &[
    ("lr", "learning_rate"),
    ("alpha", "learning_rate"),
    ("beta1", "betas"),
    ("beta2", "betas"),
    ("eps", "epsilon"),
    ("lr_schedule", "schedule"),
    ("lr_scheduler", "schedule"),
    ("warmup_steps", "warm_up"),
    ("max_grad_norm", "clip_norm"),
    ("clip_grad_norm", "clip_norm"),
    ("gradient_clipping", "clip_norm"),
    ("bs", "batch_size"),
    ("num_epochs", "epochs"),
    ("max_steps", "steps"),
    ("iterations", "steps"),
    ("n_critic", "discriminator_steps"),
    ("critic_steps", "discriminator_steps"),
    ("init", "initialization"),
    ("z_dim", "latent_dim"),
    ("latent_size", "latent_dim"),
    ("random_seed", "seed"),
    ("metric", "metrics"),
    ("path", "images"),
    ("fmnist", "fashion-mnist"),
    ("gpu", "cuda"),
    ("wgan", "wasserstein"),
    ("lsgan", "least-squares"),
    ("ns", "non-saturating"),
    ("wgan-gp", "gradient-penalty"),
    ("gp", "gradient-penalty"),
    ("linear", "dense"),
    ("fc", "dense"),
    ("conv2d", "conv"),
    ("deconv", "conv-transpose"),
    ("conv-transpose2d", "conv-transpose"),
    ("lrelu", "leaky-relu"),
    ("bn", "batch-norm"),
    ("cols", "columns"),
    ("filters", "channels"),
    ("out_channels", "channels"),
    ("kernel_size", "kernel"),
    ("strides", "stride"),
    ("out_features", "units"),
    ("xavier", "glorot-uniform"),
    ("kaiming", "he-normal"),
    ("fid", "frechet"),
    ("kid", "kernel"),
    ("mmd", "kernel"),
    ("prdc", "density-coverage"),
    ("inception-score", "classifier-score"),
    ("bayes", "tpe"),
    ("bayesian", "tpe"),
    ("optuna", "tpe"),
    ("hyperband", "halving"),
    ("asha", "halving"),
    ("minimize", "min"),
    ("maximize", "max"),
    ("num_trials", "trials"),
    ("n_trials", "trials"),
    ("eta", "factor"),
    ("reduction_factor", "factor"),
    ("walltime", "time"),
    ("mem", "memory"),
    ("queue", "partition"),
];

/// The word among `known` that was probably meant, if one is near enough.
pub(crate) fn nearest<'a>(word: &str, known: &[&'a str]) -> Option<&'a str> {
    let plain = plain(word);
    let alias = ALIASES.iter().find(|(alias, _)| self::plain(alias) == plain);
    if let Some(found) = alias.and_then(|(_, meant)| known.iter().find(|candidate| *candidate == meant)) {
        return Some(found);
    }
    if let Some(found) = known.iter().find(|candidate| self::plain(candidate) == plain) {
        return Some(found);
    }
    let length = plain.chars().count();
    let (distance, found) = known
        .iter()
        .map(|candidate| (strsim::damerau_levenshtein(&plain, &self::plain(candidate)), *candidate))
        .min_by_key(|(distance, _)| *distance)?;
    if distance <= (length / 3).max(1) && distance < length {
        return Some(found);
    }
    // A word cut short or drawn out, such as `disc` or `adam_optimizer`.
    known.iter().copied().find(|candidate| {
        let candidate = self::plain(candidate);
        (length >= 3 && candidate.starts_with(&plain))
            || (candidate.len() >= 3 && plain.starts_with(&candidate))
    })
}

/// Whether the two differ in case and punctuation, or in one letter at most.
pub(super) fn almost_equal(word: &str, other: &str) -> bool {
    strsim::damerau_levenshtein(&plain(word), &plain(other)) <= 1
}

/// Without case and punctuation: `FashionMNIST`, `fashion_mnist` and `fashion-mnist` are one word.
fn plain(word: &str) -> String {
    word.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// `` `a`, `b` and `c` ``.
pub(crate) fn list(words: &[&str]) -> String {
    let quoted: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
    match quoted.split_last() {
        None => "nothing".to_owned(),
        Some((last, [])) => last.clone(),
        Some((last, rest)) => format!("{} and {last}", rest.join(", ")),
    }
}
