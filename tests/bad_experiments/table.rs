//! Wrong experiment files: each with the place that the error must name, the reason and the help.
//!
//! In the text, `▶` stands before the place (it is not part of the file); a text without it must be refused as a whole,
//! without a line.

/// One wrong file.
pub(crate) struct Case {
    /// The file, with `▶` before the place of the error.
    marked: &'static str,
    /// A part of the reason.
    pub(crate) message: &'static str,
    /// A part of the help; empty where there is none to give.
    pub(crate) help: &'static str,
}

impl Case {
    /// The file's text.
    pub(crate) fn text(&self) -> String {
        self.marked.replace('▶', "")
    }

    /// The line and column, both from 1, that the error must name.
    pub(crate) fn position(&self) -> Option<(usize, usize)> {
        let before = self.marked.split_once('▶')?.0;
        let line = before.rsplit('\n').next().unwrap_or_default();
        Some((before.matches('\n').count() + 1, line.chars().count() + 1))
    }
}

const fn case(marked: &'static str, message: &'static str, help: &'static str) -> Case {
    Case { marked, message, help }
}

/// All of them, section by section.
pub(crate) const TABLE: &[Case] = &[
    // Not TOML.
    case("seed = 1\nname = ▶\n", "not valid TOML", ""),
    case("[training▶\nepochs = 1\n", "not valid TOML", ""),
    case("name = 'unfinished▶\n", "not valid TOML", ""),
    case("seed = 1\n▶seed = 2\n", "duplicate key", ""),
    case("[training]\nepochs = 1\n[▶training]\nsteps = 1\n", "duplicate key", ""),
    case("seed = ▶01\n", "not valid TOML", ""),
    case("seed = ▶99999999999999999999\n", "too large", ""),
    case("name = ▶2026-01-01\n", "is a date", "in quotes: \"2026-01-01\""),
    // The top of the file.
    case("", "needs the key `family`", "family = \"dcgan\""),
    case("▶sed = 1\n", "unknown key `sed` in the top of the file", "did you mean `seed`?"),
    case("▶learning_rate = 1\n", "unknown key `learning_rate`", "is a key of [optimizer]"),
    case("▶batch_size = 64\n", "unknown key `batch_size`", "is a key of [training]"),
    case("[▶optimiser]\nname = 'adam'\n", "unknown section [optimiser]", "did you mean [optimizer]?"),
    case("[▶model]\nname = 'adam'\n", "unknown section [model]", "the sections are [dataset]"),
    case("optimizer = ▶'adam'\n", "`optimizer` is a section", "write [optimizer] on a line of its own"),
    case("seed = ▶-1\n", "`seed` is -1, but must be between 0 and 9_223_372_036_854_775_807", ""),
    case("seed = ▶1.5\n", "`seed` must be a whole number, but is 1.5", ""),
    case("seed = ▶'7'\n", "`seed` must be a whole number, but is the text \"7\"", "remove the quotes: 7"),
    case("name = ▶'a/b'\n", "`name` is \"a/b\", but must be 1 to 64 letters", "name = \"a_b\""),
    case("name = ▶'.hidden'\n", "not beginning with a dot", "name = \"hidden\""),
    case("name = ▶''\n", "1 to 64 letters", ""),
    case("name = ▶true\n", "`name` must be a text in quotes, but is true", ""),
    case("description = ▶3\n", "`description` must be a text", ""),
    case("extends = ▶'base.toml'\n", "`extends` must be a list of files", "write extends = [\"base.toml\"]"),
    case("extends = [▶3]\n", "`extends` must be a list of files, but is 3", ""),
    case("extends = [▶'nowhere.toml']\n", "there is no file", "relative to the folder"),
    // [dataset]
    case(
        "[dataset]\nname = ▶'fashon-mnist'\n",
        "unknown word `fashon-mnist` for `dataset.name`",
        "did you mean `fashion-mnist`?",
    ),
    case(
        "[dataset]\nname = ▶'FashionMNIST'\n",
        "unknown word `FashionMNIST`",
        "did you mean `fashion-mnist`?",
    ),
    case("[dataset]\nname = ▶'cifar'\n", "unknown word `cifar`", "the words are `fashion-mnist`, `mnist`"),
    case("[dataset]\nname = ▶0\n", "`dataset.name` must be one of the words", ""),
    case("[dataset]\nname = { ▶mnist = 1 }\n", "`mnist` takes no parameters", "write just \"mnist\""),
    case("[dataset]\nname = ▶'cifar10'\n", "unknown word `cifar10`", "did you mean `cifar-10`?"),
    case("[dataset]\nname = 'cifar-10'\nlimit = ▶50_001\n", "cifar-10 has only 50000 training examples", ""),
    case(
        "[▶dataset]\nname = 'image-folder'\nsize = [32, 32]\n",
        "needs `path` when its name is `image-folder`",
        "add path =",
    ),
    case("[▶dataset]\nname = 'image-folder'\npath = 'x'\n", "needs `size`", "add size = [32, 32]"),
    case("[dataset]\nname = 'image-folder'\npath = ▶' '\nsize = [8, 8]\n", "`dataset.path` is empty", ""),
    case(
        "[dataset]\nname = 'image-folder'\npath = 'x'\nsize = [8, ▶1025]\n",
        "`dataset.size[1]` is 1025, but must be between 1 and 1024 pixels",
        "",
    ),
    case(
        "[dataset]\nname = 'image-folder'\npath = 'x'\nsize = ▶[8, 8, 3]\n",
        "`dataset.size` must be a list of length 2",
        "",
    ),
    case(
        "[dataset]\nname = 'image-folder'\npath = 'x'\nsize = [8, 8]\nchannels = ▶2\n",
        "`dataset.channels` is 2, but must be 1 (grey) or 3 (colour)",
        "",
    ),
    case(
        "[dataset]\nname = 'mnist'\n▶size = [8, 8]\n",
        "`dataset.size` belongs to `image-folder`, but `dataset.name` is `mnist`",
        "",
    ),
    case(
        "[dataset]\nname = 'mnist'\n▶lmit = 5\n",
        "unknown key `lmit` in [dataset]",
        "did you mean `limit`?",
    ),
    case("[dataset]\nname = 'mnist'\nlimit = ▶0\n", "`dataset.limit` is 0, but must be between 1 and", ""),
    case("[dataset]\nname = 'mnist'\nlimit = ▶70000\n", "mnist has only 60000 training examples", ""),
    case(
        "[dataset]\nname = 'mnist'\n▶modes = 8\n",
        "`dataset.modes` belongs to `gaussian-ring` and `gaussian-grid`, but `dataset.name` is `mnist`",
        "remove it",
    ),
    case(
        "[dataset]\n▶images = 'x'\n",
        "`dataset.images` belongs to `idx`, but `dataset.name` is `silhouettes`",
        "remove it",
    ),
    case(
        "[dataset]\ncount = ▶2_000_000\n",
        "`dataset.count` is 2000000, but must be between 1 and 1_000_000",
        "",
    ),
    case(
        "[dataset]\nname = 'gaussian-ring'\nradius = ▶-2\n",
        "`dataset.radius` is -2, but must be greater than 0",
        "",
    ),
    case(
        "[dataset]\nname = 'gaussian-ring'\n▶spacing = 2\n",
        "`dataset.spacing` belongs to `gaussian-grid`",
        "",
    ),
    case("[dataset]\nname = 'gaussian-ring'\nstd = ▶nan\n", "`dataset.std` is nan", ""),
    case("[dataset]\nname = 'gaussian-ring'\n▶range = 'unit'\n", "`dataset.range` belongs to", ""),
    case(
        "[dataset]\nname = 'gaussian-grid'\nmodes = ▶24\n",
        "a square grid needs a square number",
        "the nearest is 25 = 5×5",
    ),
    case("[dataset]\nname = 'slanted-faces'\nrange = ▶'symmetric'\n", "always in [0, 1]", "range = \"unit\""),
    case("[dataset]\nrange = ▶'units'\n", "unknown word `units` for `dataset.range`", "did you mean `unit`?"),
    case(
        "[▶dataset]\nname = 'idx'\nshape = [28, 28]\n",
        "needs `images` when its name is `idx`",
        "add images =",
    ),
    case("[▶dataset]\nname = 'idx'\nimages = 'x'\n", "needs `shape`", "add shape = [28, 28]"),
    case("[dataset]\nname = 'idx'\nimages = ▶''\nshape = [28, 28]\n", "`dataset.images` is empty", ""),
    case("[dataset]\nname = 'idx'\nimages = 'x'\nshape = ▶[28]\n", "`dataset.shape` has 1 numbers", ""),
    case(
        "[dataset]\nname = 'idx'\nimages = 'x'\nshape = [28, ▶0]\n",
        "`dataset.shape[1]` is 0, but must be between 1 and 1024 pixels",
        "",
    ),
    case(
        "[dataset]\nname = 'idx'\nimages = 'x'\nshape = [28, ▶'28']\n",
        "`dataset.shape[1]` must be a whole number",
        "remove the quotes: 28",
    ),
    case(
        "[dataset]\nname = 'idx'\nimages = 'x'\nshape = [28, 28]\n▶test_labels = 'y'\n",
        "without `dataset.test_images`",
        "",
    ),
    // [architecture]
    case("[▶architecture]\nlatent_dim = 3\n", "[architecture] needs the key `family`", "family = \"dcgan\""),
    case(
        "[architecture]\nfamily = ▶'dcgn'\n",
        "unknown word `dcgn` for `architecture.family`",
        "did you mean `dcgan`?",
    ),
    case(
        "[architecture]\nfamily = 'dcgan'\nlatent_dim = ▶0\n",
        "`architecture.latent_dim` is 0, but must be between 1 and 4096",
        "",
    ),
    case("[architecture]\nfamily = 'dcgan'\nlatent_dim = ▶-100\n", "`architecture.latent_dim` is -100", ""),
    case(
        "[architecture]\nfamily = 'dcgan'\nlatent_dim = ▶1e2\n",
        "`architecture.latent_dim` must be a whole number",
        "",
    ),
    case(
        "[architecture]\nfamily = 'dcgan'\nlatent = ▶'gauss'\n",
        "unknown word `gauss` for `architecture.latent`",
        "the words are `normal`, `uniform`, `unit` and `standard-uniform`",
    ),
    case(
        "[architecture]\nfamily = 'dcgan'\n▶widht = 32\n",
        "unknown key `widht` in [architecture]",
        "did you mean `width`?",
    ),
    case(
        "[architecture]\nfamily = 'dcgan'\n▶hidden = [5]\n",
        "`architecture.hidden` belongs to `mlp` and `began`, but `architecture.family` is `dcgan`",
        "",
    ),
    case(
        "[architecture]\nfamily = 'mlp'\nhidden = ▶[]\n",
        "`architecture.hidden` has 0 elements, but must have 1 to 16",
        "",
    ),
    case("[architecture]\nfamily = 'mlp'\nhidden = [16, ▶0]\n", "`architecture.hidden[1]` is 0", ""),
    case("[architecture]\nfamily = 'mlp'\nhidden = ▶16\n", "must be a list", ""),
    case(
        "[▶architecture]\nfamily = 'custom'\ndiscriminator.layers = ['flatten', { dense = { units = 1 } }]\n",
        "the family `custom` needs [architecture.generator]",
        "",
    ),
    case(
        "[architecture]\nfamily = 'custom'\ngenerator.layers = [▶'batchnorm']\n",
        "unknown layer `batchnorm`",
        "did you mean `batch-norm`?",
    ),
    case(
        "[architecture]\nfamily = 'custom'\ngenerator.layers = [\n  'tanh', ▶'dense' ]\n",
        "`dense` needs its parameters",
        "{ dense = { units = 128 } }",
    ),
    case(
        "[architecture]\nfamily = 'custom'\ngenerator.layers = [{ ▶tanh = 1 }]\n",
        "`tanh` takes no parameters",
        "write just \"tanh\"",
    ),
    case(
        "[architecture]\nfamily = 'custom'\ngenerator.layers = [▶{ tanh = 1, relu = 1 }]\n",
        "one word with its parameters, but is a table of 2 keys",
        "",
    ),
    case(
        "[architecture]\nfamily = 'custom'\ngenerator.layers = [▶3]\n",
        "must be one of the words `dense`",
        "",
    ),
    case(
        "[architecture]\nfamily = 'custom'\ngenerator.layers = [{ ▶linear = { units = 3 } }]\n",
        "unknown layer `linear`",
        "did you mean `dense`?",
    ),
    case(
        "[architecture]\nfamily = 'custom'\ngenerator.layers = [{ dense = { ▶unit = 3 } }]\n",
        "unknown key `unit`",
        "did you mean `units`?",
    ),
    case(
        "[architecture]\nfamily = 'custom'\ngenerator.layers = [{ ▶dense = {} }]\n",
        "needs the key `units`",
        "add units",
    ),
    case(
        "[architecture]\nfamily = 'custom'\ngenerator.layers = [{ dense = { units = ▶0 } }]\n",
        "`architecture.generator.layers[0].dense.units` is 0",
        "",
    ),
    case(
        "[architecture]\nfamily = 'custom'\ngenerator.layers = [{ dropout = ▶1.5 }]\n",
        "layers[0].dropout` is 1.5, but must be between 0 and 0.95",
        "",
    ),
    case(
        "[architecture]\nfamily = 'custom'\ngenerator.layers = [{ leaky-relu = ▶inf }]\n",
        "layers[0].leaky-relu` is inf, but must be between 0 and 1",
        "",
    ),
    case(
        "[architecture]\nfamily = 'custom'\ngenerator.layers = [{ conv = { channels = 1, kernel = 5, stride = ▶3 } }]\n",
        "conv.stride` is 3, but must be between 1 and 2",
        "",
    ),
    case(
        "[architecture]\nfamily = 'custom'\ngenerator.layers = [{ conv = { channels = 1, ▶kernel_size = 5 } }]\n",
        "unknown key `kernel_size`",
        "did you mean `kernel`?",
    ),
    case(
        "[architecture]\nfamily = 'custom'\ngenerator.layers = [{ reshape = ▶[7, 7] }]\n",
        "must be a list of length 3, but has 2 elements",
        "",
    ),
    case(
        "[architecture]\nfamily = 'custom'\ngenerator.layers = [{ reshape = ▶[7, 7, 1, 1] }]\n",
        "must be a list of length 3, but has 4 elements",
        "",
    ),
    case(
        "[architecture]\nfamily = 'custom'\ngenerator.layers = [{ dense = { units = 3, bias = ▶'yes' } }]\n",
        "must be true or false, but is the text \"yes\"",
        "",
    ),
    case(
        "[architecture]\nfamily = 'custom'\ngenerator.layers = ▶[]\n",
        "has 0 elements, but must have 1 to 256",
        "",
    ),
    // [objective]
    case(
        "[objective]\nloss = ▶'non_saturatin'\n",
        "unknown word `non_saturatin` for `objective.loss`",
        "did you mean `non-saturating`?",
    ),
    case(
        "[objective]\nloss = 'hinge'\n▶targets = { real = 0.9 }\n",
        "`objective.targets` belongs to `least-squares`, but `objective.loss` is `hinge`",
        "remove it",
    ),
    case(
        "[objective]\nloss = 'least-squares'\ntargets = { real = ▶11 }\n",
        "`objective.targets.real` is 11, but must be between -10 and 10",
        "",
    ),
    case(
        "[objective]\nloss = 'least-squares'\ntargets = { ▶reel = 1 }\n",
        "unknown key `reel` in `objective.targets`",
        "did you mean `real`?",
    ),
    case("[objective]\n▶losss = 'hinge'\n", "unknown key `losss` in [objective]", "did you mean `loss`?"),
    case("[objective]\nloss = ▶1\n", "`objective.loss` must be one of the words `minimax`", ""),
    case(
        "[objective]\nregularizer = { ▶r3 = { gamma = 1 } }\n",
        "unknown word `r3` for `objective.regularizer`",
        "",
    ),
    case("[objective]\nregularizer = ▶'r1'\n", "`r1` needs its parameters", "{ r1 = { gamma = 1 } }"),
    case(
        "[objective]\nregularizer = { r1 = { ▶gama = 1 } }\n",
        "unknown key `gama` in `objective.regularizer.r1`",
        "did you mean `gamma`?",
    ),
    case(
        "[objective]\nregularizer = { r1 = { gamma = ▶0 } }\n",
        "`objective.regularizer.r1.gamma` is 0, but must be greater than 0",
        "",
    ),
    case(
        "[objective]\nregularizer = { gradient-penalty = { weight = 10, one_sided = ▶1 } }\n",
        "must be true or false",
        "",
    ),
    case(
        "[objective]\nregularizer = { r1-r2 = { gamma = ▶-1 } }\n",
        "`objective.regularizer.r1-r2.gamma` is -1, but must be greater than 0",
        "",
    ),
    case(
        "[objective]\nregularizer = ▶{ r1 = { gamma = 1 }, r2 = { gamma = 1 } }\n",
        "is a table of 2 keys",
        "",
    ),
    case("[objective]\nregularizer = { r1 = ▶3 }\n", "must be a table such as { gamma = … }, but is 3", ""),
    case(
        "[objective]\nlabel_smoothing = ▶0.3\n",
        "`objective.label_smoothing` is 0.3, but must be between 0.5 and 1",
        "",
    ),
    case(
        "[objective]\nloss = 'wasserstein'\n▶label_smoothing = 0.9\n",
        "`objective.label_smoothing` belongs to `minimax` and `non-saturating`, but",
        "remove it",
    ),
    case(
        "[objective]\nupdate = ▶'alternate'\n",
        "unknown word `alternate` for `objective.update`",
        "did you mean `alternating`?",
    ),
    case(
        "[objective]\nupdate = 'alternating'\ndiscriminator_steps = ▶0\n",
        "`objective.discriminator_steps` is 0, but must be between 1 and 100 steps",
        "",
    ),
    case(
        "[objective]\ndiscriminator_steps = ▶5\n",
        "simultaneous updates take both gradients",
        "update = \"alternating\"",
    ),
    // [optimizer]
    case(
        "[optimizer]\nname = ▶'adamw'\n",
        "unknown word `adamw` for `optimizer.name`",
        "did you mean `adam`?",
    ),
    case(
        "[optimizer]\n▶learning_rat = 1\n",
        "unknown key `learning_rat` in [optimizer]",
        "did you mean `learning_rate`?",
    ),
    case("[optimizer]\n▶lr = 1\n", "unknown key `lr` in [optimizer]", "did you mean `learning_rate`?"),
    case(
        "[optimizer]\nlearning_rate = ▶-1\n",
        "`optimizer.learning_rate` is -1, but must be greater than 0 and at most 10",
        "",
    ),
    case("[optimizer]\nlearning_rate = ▶0\n", "`optimizer.learning_rate` is 0", ""),
    case("[optimizer]\nlearning_rate = ▶inf\n", "`optimizer.learning_rate` is inf", ""),
    case("[optimizer]\nlearning_rate = ▶nan\n", "`optimizer.learning_rate` is nan", ""),
    case(
        "[optimizer]\nlearning_rate = ▶[1e-4]\n",
        "`optimizer.learning_rate` must be a number, but is a list",
        "",
    ),
    case(
        "[optimizer]\nbetas = [0.9, ▶1]\n",
        "`optimizer.betas[1]` is 1, but must be at least 0 and less than 1",
        "",
    ),
    case(
        "[optimizer]\nbetas = ▶[0.9]\n",
        "`optimizer.betas` must be a list of length 2, but has 1 elements",
        "",
    ),
    case("[optimizer]\nbetas = ▶0.9\n", "`optimizer.betas` must be a list of length 2, but is 0.9", ""),
    case(
        "[optimizer]\nname = 'sgd'\n▶betas = [0.5, 0.9]\n",
        "`optimizer.betas` belongs to `adam`, but `optimizer.name` is `sgd`",
        "remove it",
    ),
    case(
        "[optimizer]\n▶momentum = 0.9\n",
        "`optimizer.momentum` belongs to `rmsprop` and `sgd`, but `optimizer.name` is `adam`",
        "",
    ),
    case("[optimizer]\nname = 'rmsprop'\nrho = ▶2\n", "`optimizer.rho` is 2", ""),
    case("[optimizer]\nepsilon = ▶0\n", "`optimizer.epsilon` is 0", ""),
    case(
        "[optimizer.generator]\nlearning_rate = ▶11\n",
        "`optimizer.generator.learning_rate` is 11, but must be greater than 0 and at most 10",
        "",
    ),
    case("[optimizer.▶critic]\nlearning_rate = 1\n", "unknown key `critic` in [optimizer]", ""),
    case(
        "[optimizer.discriminator]\n▶beta1 = 0.5\n",
        "unknown key `beta1` in `optimizer.discriminator`",
        "did you mean `betas`?",
    ),
    case(
        "[optimizer.discriminator]\nname = 'sgd'\n▶rho = 0.5\n",
        "`optimizer.discriminator.rho` belongs to `rmsprop`, but `optimizer.discriminator.name` is `sgd`",
        "",
    ),
    case(
        "[optimizer]\nschedule = ▶'step'\n",
        "unknown word `step` for `optimizer.schedule`",
        "the words are `constant`, `linear`, `cosine` and `exponential`",
    ),
    case("[optimizer]\nschedule = ▶'cosine'\n", "`cosine` needs its parameters", "{ cosine = { end = 0 } }"),
    case(
        "[optimizer]\nschedule = { linear = { end = ▶-1 } }\n",
        "`optimizer.schedule.linear.end` is -1, but must be between 0 and 10",
        "",
    ),
    case(
        "[optimizer]\nschedule = { cosine = { end = 0, updates = ▶0 } }\n",
        "`optimizer.schedule.cosine.updates` is 0, but must be between 1 and 1_000_000_000 updates",
        "",
    ),
    case(
        "[optimizer]\nschedule = { cosine = { end = 0, updates = 5, ▶epochs = 5 } }\n",
        "`optimizer.schedule.cosine` has both `updates` and `epochs`",
        "remove one of them",
    ),
    case(
        "[optimizer.generator]\nschedule = { exponential = { decay = ▶1.1 } }\n",
        "`optimizer.generator.schedule.exponential.decay` is 1.1, but must be greater than 0 and at most 1",
        "",
    ),
    case(
        "[optimizer]\nschedule = { exponential = { decay = 0.9, floor = ▶1e-3 } }\n",
        "`optimizer.schedule.exponential.floor` is 0.001, but `optimizer.learning_rate` is only 0.0001",
        "",
    ),
    case(
        "[optimizer]\nschedule = { exponential = { ▶gamma = 0.9 } }\n",
        "unknown key `gamma` in `optimizer.schedule.exponential`",
        "`decay` and `floor`",
    ),
    case("[optimizer]\nwarm_up = ▶-5\n", "`optimizer.warm_up` is -5, but must be between 0 and", ""),
    case("[optimizer]\n▶warmup_steps = 5\n", "unknown key `warmup_steps`", "did you mean `warm_up`?"),
    case("[optimizer]\nclip_norm = ▶0\n", "`optimizer.clip_norm` is 0, but must be greater than 0", ""),
    case(
        "[optimizer]\n▶momentum_schedule = { linear = { end = 0.7 } }\n",
        "`optimizer.momentum_schedule` belongs to `rmsprop` and `sgd`, but `optimizer.name` is `adam`",
        "",
    ),
    case(
        "[optimizer]\nbeta2_schedule = { cosine = { end = ▶1 } }\n",
        "`optimizer.beta2_schedule.cosine.end` is 1, but must be at least 0 and less than 1",
        "",
    ),
    case(
        "[optimizer]\nbeta2_schedule = { linear = { end = 0.99, epochs = ▶0 } }\n",
        "`optimizer.beta2_schedule.linear.epochs` is 0",
        "",
    ),
    // [training]
    case(
        "[architecture]\nfamily = 'dcgan'\nvariant = ▶'papr'\n",
        "unknown word `papr` for `architecture.variant`",
        "did you mean `paper`?",
    ),
    case(
        "[architecture]\nfamily = 'mlp'\n▶variant = 'paper'\n",
        "`architecture.variant` belongs to `dcgan`, `began`, `vae` and `classifier`, but `architecture.family` is `mlp`",
        "remove it",
    ),
    case(
        "[architecture]\nfamily = 'dcgan'\n▶discriminator_batch_norm = true\n",
        "`architecture.discriminator_batch_norm` belongs to `infogan` and `began`",
        "remove it",
    ),
    case(
        "[architecture]\nfamily = 'infogan'\ndiscriminator_batch_norm = ▶'yes'\n",
        "`architecture.discriminator_batch_norm` must be true or false",
        "",
    ),
    case(
        "[architecture]\nfamily = 'infogan'\nbatch_norm_momentum = ▶1\n",
        "`architecture.batch_norm_momentum` is 1, but must be at least 0 and less than 1",
        "",
    ),
    case(
        "[architecture]\nfamily = 'mlp'\n▶batch_norm_momentum = 0.9\n",
        "`architecture.batch_norm_momentum` belongs to `dcgan`, `conditional-dcgan`, `infogan`, `sngan`, `began` and `vae`",
        "remove it",
    ),
    case("[architecture]\nfamily = 'infogan'\n▶width = 64\n", "belongs to `dcgan`, `sngan` and", ""),
    case("[architecture]\nfamily = 'sngan'\nwidth = ▶2000\n", "must be between 1 and 1024 channels", ""),
    case(
        "[architecture]\nfamily = 'conditional-dcgan'\nclasses = ▶1\n",
        "`architecture.classes` is 1, but must be between 2 and 256",
        "",
    ),
    case(
        "[architecture]\nfamily = 'custom'\ngenerator.layers = [▶'maxout']\n",
        "`maxout` needs its parameters",
        "such as { maxout = { units = 240, pieces = 5 } }",
    ),
    case(
        "[architecture]\nfamily = 'custom'\ngenerator.layers = [{ maxout = { units = 7, pieces = ▶0 } }]\n",
        "`architecture.generator.layers[0].maxout.pieces` is 0, but must be between 1 and 64",
        "",
    ),
    case(
        "[architecture]\nfamily = 'custom'\ngenerator.layers = [{ maxout = { units = ▶70_000, pieces = 2 } }]\n",
        "must be between 1 and 65_536",
        "",
    ),
    case(
        "[architecture]\nfamily = 'custom'\ngenerator.layers = [{ ▶upsample = 2 }]\n",
        "`upsample` takes no parameters",
        "write just \"upsample\"",
    ),
    case(
        "[architecture]\nfamily = 'custom'\ngenerator.layers = [▶'averge-pool']\n",
        "unknown layer `averge-pool`",
        "did you mean `average-pool`?",
    ),
    case(
        "[architecture]\nfamily = 'custom'\ngenerator.layers = [{ residual = { layers = ▶[] } }]\n",
        "`architecture.generator.layers[0].residual.layers` has 0 elements, but must have 1 to 256",
        "",
    ),
    case(
        "[architecture]\nfamily = 'custom'\ngenerator.layers = [{ residual = { layers = ['relu'], shortcut = ▶[] } }]\n",
        "`architecture.generator.layers[0].residual.shortcut` has 0 elements",
        "",
    ),
    case(
        "[architecture]\nfamily = 'custom'\ngenerator.layers = [{ residual = { layers = ['relu', ▶'batchnorm'] } }]\n",
        "unknown layer `batchnorm`",
        "did you mean `batch-norm`?",
    ),
    case(
        "[architecture]\nfamily = 'custom'\ngenerator.layers = [{ residual = { layers = ['relu'], ▶shortcuts = [] } }]\n",
        "unknown key `shortcuts`",
        "did you mean `shortcut`?",
    ),
    case(
        "[architecture]\nfamily = 'custom'\ngenerator.layers = [{ residual = { layers = ['relu'], shortcut = [{ conv = { channels = 1, kernel = ▶99 } }] } }]\n",
        "`architecture.generator.layers[0].residual.shortcut[0].conv.kernel` is 99",
        "",
    ),
    case(
        "[architecture]\nfamily = 'custom'\ngenerator.layers = [{ label-embedding = { classes = 10, width = ▶0 } }]\n",
        "width` is 0, but must be between 1 and 1024",
        "",
    ),
    case(
        "[architecture]\nfamily = 'custom'\ngenerator.layers = [{ label-projection = { classes = ▶300 } }]\n",
        "classes` is 300, but must be between 2 and 256",
        "",
    ),
    case("architecture.family = 'dcgan'\n", "nothing says how long to train", "add epochs = 10"),
    case(
        "architecture.family = 'dcgan'\n[▶training]\nbatch_size = 8\n",
        "nothing says how long to train",
        "add epochs = 10",
    ),
    case("[training]\nepochs = 1\n▶steps = 2\n", "both `epochs` and `steps`", "remove one of them"),
    case(
        "architecture.family = 'dcgan'\ntraining.epochs = 1\n[training.generator]\n▶initialisation = 'he-normal'\n",
        "unknown key `initialisation` in `training.generator`",
        "did you mean `initialization`?",
    ),
    case(
        "architecture.family = 'dcgan'\ntraining.epochs = 1\n[training.discriminator]\ninitialization = { normal = { std = ▶0 } }\n",
        "`training.discriminator.initialization.normal.std` is 0",
        "",
    ),
    case(
        "architecture.family = 'dcgan'\ntraining.epochs = 1\n[training.generator]\ninitialization = { uniform = { low = ▶1, high = -1 } }\n",
        "`low` is 1, but must be less than `high`",
        "",
    ),
    case(
        "architecture.family = 'vae'\ntraining.epochs = 1\n[training.▶generator]\ninitialization = 'he-normal'\n",
        "`training.generator` belongs to GANs",
        "remove it",
    ),
    case(
        "[architecture]\nfamily = 'custom'\ngenerator.layers = [{ batch-norm = { momentum = ▶1 } }]\n",
        "momentum` is 1, but must be at least 0 and less than 1",
        "",
    ),
    case(
        "[architecture]\nfamily = 'custom'\ngenerator.layers = [{ batch-norm = { epsilon = ▶0 } }]\n",
        "epsilon` is 0, but must be greater than 0 and at most 1",
        "",
    ),
    case(
        "[architecture]\nfamily = 'custom'\ngenerator.layers = [{ batch-norm = { ▶decay = 0.9 } }]\n",
        "unknown key `decay`",
        "`momentum` and `epsilon`",
    ),
    case(
        "architecture.family = 'dcgan'\ntraining.epochs = 1\nobjective.regularizer = { max-norm = { bound = ▶0 } }\n",
        "`objective.regularizer.max-norm.bound` is 0, but must be greater than 0 and at most 1000",
        "",
    ),
    case(
        "architecture.family = 'dcgan'\ntraining.epochs = 1\nobjective.regularizer = ▶'max-norm'\n",
        "`max-norm` needs its parameters",
        "{ max-norm = { bound = 1.9365 } }",
    ),
    case("[training]\nepochs = 1\n▶images = 2\n", "both `epochs` and `images`", "remove one of them"),
    case(
        "[training]\nimages = ▶0\n",
        "`training.images` is 0, but must be between 1 and 1_000_000_000_000",
        "",
    ),
    case(
        "architecture.family = 'dcgan'\n[training]\nimages = ▶255\n",
        "`training.images` is 255, but one step takes 256 images",
        "more images",
    ),
    case(
        "architecture.family = 'dcgan'\nobjective = { update = 'alternating', discriminator_steps = 5 }\n[training]\nbatch_size = 64\nimages = ▶319\n",
        "one step takes 5 batches of 64, 320 images",
        "more images",
    ),
    case(
        "[training]\nepochs = ▶0\n",
        "`training.epochs` is 0, but must be between 1 and 1_000_000 epochs",
        "",
    ),
    case(
        "[training]\nepochs = ▶'ten'\n",
        "`training.epochs` must be a whole number, but is the text \"ten\"",
        "",
    ),
    case("[training]\nepochs = ▶2.5\n", "`training.epochs` must be a whole number, but is 2.5", ""),
    case("[training]\n▶epoch = 3\n", "unknown key `epoch` in [training]", "did you mean `epochs`?"),
    case(
        "[training]\nepochs = 1\nbatch_size = ▶65537\n",
        "`training.batch_size` is 65537, but must be between 1 and 65_536 examples",
        "",
    ),
    case(
        "[training]\nepochs = 1\ndevice = ▶'gpu'\n",
        "unknown word `gpu` for `training.device`",
        "did you mean `cuda`?",
    ),
    case(
        "[training]\nepochs = 1\nconvolution = ▶'fast'\n",
        "unknown word `fast` for `training.convolution`",
        "did you mean `fastest`?",
    ),
    case("[training]\nepochs = 1\ncheckpoint_every = ▶0\n", "`training.checkpoint_every` is 0", ""),
    case(
        "[training]\nepochs = 1\ninitialization = ▶'xavier'\n",
        "unknown word `xavier`",
        "did you mean `glorot-uniform`?",
    ),
    case(
        "[training]\nepochs = 1\ninitialization = { normal = { std = ▶0 } }\n",
        "`training.initialization.normal.std` is 0",
        "",
    ),
    case(
        "[training]\nepochs = 1\ninitialization = { uniform = { low = ▶1, high = -1 } }\n",
        "must be less than `high`",
        "",
    ),
    case(
        "[training]\nepochs = 1\nema = { decay = ▶1 }\n",
        "`training.ema.decay` is 1, but must be at least 0 and less than 1",
        "",
    ),
    case(
        "[training]\nepochs = 1\nema = ▶0.999\n",
        "`training.ema` must be a table such as { decay = …, half_life = …, warm_up = … }, but is 0.999",
        "",
    ),
    case(
        "[training]\nepochs = 1\nema = { half_life = ▶0 }\n",
        "`training.ema.half_life` is 0, but must be greater than 0",
        "",
    ),
    case(
        "[training]\nepochs = 1\nema = { decay = 0.9, ▶half_life = 1000 }\n",
        "`training.ema` has both `decay` and `half_life`",
        "remove one of them",
    ),
    case(
        "[training]\nepochs = 1\nema = { warm_up = ▶10 }\n",
        "`training.ema.warm_up` must be true or false",
        "",
    ),
    case(
        "[training]\nepochs = 1\nearly_stop = { column = ▶'lost', patience = 3 }\n",
        "`training.early_stop.column` is \"lost\", which is not measured",
        "the columns are `d_loss`, `g_loss`",
    ),
    case(
        "architecture.family = 'dcgan'\n[training]\nepochs = 1\nearly_stop = { column = ▶'accuracy', patience = 3 }\n",
        "`accuracy` is no column of this experiment's learner",
        "the columns are `d_loss`, `g_loss`",
    ),
    case(
        "[training]\nepochs = 1\nearly_stop = { column = ▶'seconds', patience = 3 }\n",
        "`training.early_stop.column` is \"seconds\"",
        "",
    ),
    case(
        "[training]\nepochs = 1\nearly_stop = { column = 'g_loss', patience = ▶0 }\n",
        "`training.early_stop.patience` is 0, but must be between 1 and 1_000_000 epochs",
        "",
    ),
    case(
        "[training]\nepochs = 1\nearly_stop = { column = 'g_loss', patience = 1, min_delta = ▶-1 }\n",
        "`training.early_stop.min_delta` is -1",
        "",
    ),
    case(
        "[training]\nepochs = 1\nearly_stop = { column = 'g_loss', patience = 1, mode = ▶'minimize' }\n",
        "unknown word `minimize` for `training.early_stop.mode`",
        "did you mean `min`?",
    ),
    case(
        "[training]\nepochs = 1\n▶early_stop = { column = 'g_loss' }\n",
        "`training.early_stop` needs the key `patience`",
        "add patience = 10",
    ),
    // [evaluation]
    case("[evaluation]\nevery = ▶0\n", "`evaluation.every` is 0", ""),
    case("[evaluation]\n▶sample = 5\n", "unknown key `sample` in [evaluation]", "did you mean `samples`?"),
    case("[evaluation]\nmetrics = ▶[]\n", "`evaluation.metrics` is an empty list", ""),
    case(
        "[evaluation]\nmetrics = ['frechet', ▶'fid']\n",
        "unknown word `fid`",
        "the words are `frechet`, `kernel`",
    ),
    case(
        "[evaluation]\nmetrics = [▶'classifier_score']\n",
        "unknown word",
        "did you mean `classifier-score`?",
    ),
    case("[evaluation]\nmetrics = ['kernel', ▶'kernel']\n", "names this metric twice", ""),
    case(
        "[evaluation]\nbest = ▶'recal'\n",
        "`recal` is no column of this experiment's evaluation.csv",
        "did you mean `recall`?",
    ),
    case(
        "[evaluation]\nmetrics = ['kernel']\nbest = ▶'frechet'\n",
        "`frechet` is no column of this experiment's evaluation.csv",
        "the columns are `kernel` and `kernel_std`",
    ),
    case("[evaluation]\nagainst = ▶'tests'\n", "unknown word `tests` for `evaluation.against`", "`test`"),
    case("[evaluation]\nsamples = ▶1\n", "`evaluation.samples` is 1", ""),
    case(
        "architecture.family = 'mlp'\ntraining.epochs = 9\ndataset.name = 'gaussian-ring'\n[evaluation]\nmetrics = ['kernel', ▶'class-coverage']\n",
        "`class-coverage` goes by a classifier's answers, but gaussian-ring gives points in the plane",
        "remove it",
    ),
    case("[evaluation]\nmetrics = ▶'kernel'\n", "`evaluation.metrics` must be a list", ""),
    // [logging]
    case(
        "[logging]\nmontage = { rows = ▶0 }\n",
        "`logging.montage.rows` is 0, but must be between 1 and 64 rows",
        "",
    ),
    case(
        "[logging]\nmontage = { ▶cols = 4 }\n",
        "unknown key `cols` in `logging.montage`",
        "did you mean `columns`?",
    ),
    case("[logging]\nmontage = ▶[4, 4]\n", "`logging.montage` must be a table", ""),
    case("[logging]\n▶every = 1\n", "unknown key `every` in [logging]", ""),
    case("[logging]\nprogress_gif = ▶1\n", "`logging.progress_gif` must be true or false, but is 1", ""),
    case("[logging]\ntensorboard = ▶'yes'\n", "`logging.tensorboard` must be true or false", ""),
    case("[logging]\nevery_steps = ▶-5\n", "`logging.every_steps` is -5", ""),
    // [sweep]; a swept value meets the same checks.
    case(
        "architecture.family = 'dcgan'\ntraining.epochs = 1\n[▶sweep]\n",
        "names nothing that varies",
        "add seeds = [0, 1, 2]",
    ),
    case(
        "architecture.family = 'dcgan'\ntraining.epochs = 1\n[sweep]\nstrategy = ▶'grd'\nseeds = [1]\n",
        "unknown word `grd` for `sweep.strategy`",
        "did you mean `grid`?",
    ),
    case(
        "architecture.family = 'dcgan'\ntraining.epochs = 1\n[sweep]\nseeds = ▶[]\n",
        "`sweep.seeds` has 0 seeds",
        "",
    ),
    case(
        "architecture.family = 'dcgan'\ntraining.epochs = 1\n[sweep]\nseeds = [0, 1, ▶0]\n",
        "has the seed 0 twice",
        "",
    ),
    case(
        "architecture.family = 'dcgan'\ntraining.epochs = 1\n[sweep]\nseeds = [▶-1]\n",
        "`sweep.seeds[0]` is -1",
        "",
    ),
    case(
        "architecture.family = 'dcgan'\ntraining.epochs = 1\n[sweep]\n▶sedes = [1]\n",
        "unknown key `sedes` in [sweep]",
        "did you mean `seeds`?",
    ),
    case(
        "architecture.family = 'dcgan'\ntraining.epochs = 1\n[sweep.parameters]\n▶'optimizer.learning_rat' = [1e-4]\n",
        "unknown key `learning_rat` in [optimizer]",
        "did you mean `learning_rate`?",
    ),
    case(
        "architecture.family = 'dcgan'\ntraining.epochs = 1\n[sweep.parameters]\n▶'optimzer.learning_rate' = [1e-4]\n",
        "unknown section [optimzer]",
        "did you mean [optimizer]?",
    ),
    case(
        "architecture.family = 'dcgan'\ntraining.epochs = 1\n[sweep.parameters]\n'optimizer.learning_rate' = [1e-4, ▶-1]\n",
        "`optimizer.learning_rate` is -1, but must be greater than 0",
        "",
    ),
    case(
        "architecture.family = 'dcgan'\ntraining.epochs = 1\n[sweep.parameters]\n'optimizer.learning_rate' = [1e-4, ▶0.0001]\n",
        "swept over 0.0001 twice",
        "remove one of them",
    ),
    case(
        "architecture.family = 'dcgan'\ntraining.epochs = 1\n[sweep.parameters]\n'optimizer.learning_rate' = ▶[]\n",
        "is swept over 0 values",
        "",
    ),
    case(
        "architecture.family = 'dcgan'\ntraining.epochs = 1\n[sweep.parameters]\n'optimizer.learning_rate' = ▶1e-4\n",
        "must be a list of values to sweep over, but is 0.0001",
        "write [0.0001]",
    ),
    case(
        "architecture.family = 'dcgan'\ntraining.epochs = 1\n[sweep.parameters]\n'objective.loss' = ['minimax', ▶'hing']\n",
        "unknown word `hing` for `objective.loss`",
        "did you mean `hinge`?",
    ),
    case(
        "architecture.family = 'dcgan'\ntraining.epochs = 1\n[sweep.parameters]\n'dataset.name' = ['mnist', ▶'slanted-faces']\n",
        "dcgan draws 28×28 or 32×32 images, but slanted-faces are 2×2",
        "",
    ),
    case(
        "architecture.family = 'dcgan'\ntraining.epochs = 1\n[sweep.parameters]\n▶seed = [1, 2]\n",
        "`seed` has a place of its own",
        "",
    ),
    case(
        "architecture.family = 'dcgan'\ntraining.epochs = 1\n[sweep.parameters]\n▶'logging.every_steps' = [1, 2]\n",
        "`logging.every_steps` cannot be swept",
        "",
    ),
    case(
        "architecture.family = 'dcgan'\ntraining.epochs = 1\n[sweep]\nparameters = ▶[1]\n",
        "`sweep.parameters` must be a table, but is a list",
        "",
    ),
    case(
        "architecture.family = 'dcgan'\ntraining.epochs = 1\n[sweep]\n▶cases = {}\n",
        "`sweep.cases` has 0 cases",
        "",
    ),
    case(
        "architecture.family = 'dcgan'\ntraining.epochs = 1\n[sweep.cases]\na = ▶1\n",
        "the case `a` must be a table of what it sets, but is 1",
        "",
    ),
    case(
        "architecture.family = 'dcgan'\ntraining.epochs = 1\n[sweep.cases.a]\n▶seed = 1\n",
        "`seed` has a place of its own",
        "",
    ),
    case(
        "architecture.family = 'dcgan'\ntraining.epochs = 1\n[sweep.cases.a]\ntraining.▶checkpoint_every = 1\n",
        "cannot be swept",
        "",
    ),
    case(
        "architecture.family = 'dcgan'\ntraining.epochs = 1\n[sweep.cases.a]\n'objective.loss' = ▶'hing'\n",
        "unknown word `hing` for `objective.loss`",
        "did you mean `hinge`?",
    ),
    case(
        "architecture.family = 'dcgan'\ntraining.epochs = 1\n[sweep.cases.a]\n▶'optimzer.learning_rate' = 1e-3\n",
        "unknown section [optimzer]",
        "",
    ),
    case(
        "architecture.family = 'dcgan'\ntraining.epochs = 1\n[sweep.cases.a.optimizer]\nlearning_rate = ▶-1\n",
        "`optimizer.learning_rate` is -1",
        "",
    ),
    case(
        "architecture.family = 'dcgan'\ntraining.epochs = 1\n[sweep.cases.a]\n▶[sweep.cases.b]\n",
        "the cases `a` and `b` are the same run",
        "remove one of them",
    ),
    case(
        "architecture.family = 'dcgan'\ntraining.epochs = 1\n[sweep.cases.a]\noptimizer.learning_rate = 1e-3\n[sweep.parameters]\n▶'optimizer.learning_rate' = [1e-4]\n",
        "`optimizer.learning_rate` is swept, but the case `a` sets it too",
        "",
    ),
    case(
        "architecture.family = 'dcgan'\ntraining.epochs = 1\n[sweep.parameters]\n▶case = ['a']\n",
        "`case` has a place of its own",
        "",
    ),
    // Strategies, ranges, objectives, the final phase, Slurm.
    case(
        "architecture.family = 'dcgan'\ntraining.epochs = 9\n[sweep.parameters]\n'training.batch_size' = [64, ▶'128']\n",
        "`training.batch_size` must be a whole number, but is the text",
        "remove the quotes: 128",
    ),
    case(
        "architecture.family = 'dcgan'\ntraining.epochs = 9\n[sweep.parameters]\n'optimizer.learning_rate' = [▶'fast']\n",
        "`optimizer.learning_rate` must be a number",
        "",
    ),
    case(
        "architecture.family = 'dcgan'\ntraining.epochs = 9\n[sweep.parameters]\n'objective.loss' = [▶true]\n",
        "must be one of the words `minimax`",
        "",
    ),
    case(
        "architecture.family = 'dcgan'\ntraining.epochs = 9\n[sweep.parameters]\n'optimizer.betas' = [▶0.5, 0.9]\n",
        "`optimizer.betas` must be",
        "",
    ),
    case(
        "architecture.family = 'dcgan'\ntraining.epochs = 9\n[sweep.parameters]\n'optimizer.betas.0' = [0.5, ▶1]\n",
        "`optimizer.betas[0]` is 1, but must be at least 0 and less than 1",
        "",
    ),
    case(
        "architecture.family = 'dcgan'\ntraining.epochs = 9\n[sweep.parameters]\n▶'optimizer.betas.2' = [0.5]\n",
        "`optimizer.betas` has no element 2 to change",
        "its elements are counted from 0",
    ),
    case(
        "architecture.family = 'dcgan'\ntraining.epochs = 9\n[sweep.parameters]\n'optimizer.betas' = [[0.5, 0.9]]\n▶'optimizer.betas.0' = [0.5]\n",
        "`optimizer.betas.0` is swept twice: `optimizer.betas` sets it too",
        "",
    ),
    case(
        "architecture.family = 'mlp'\ndataset.name = 'gaussian-ring'\ntraining.epochs = 9\narchitecture.hidden.▶2 = 5\n",
        "`architecture.hidden` has no element 2 to change",
        "give the whole list",
    ),
    case(
        "architecture.family = 'dcgan'\ntraining.epochs = 9\n[sweep.parameters]\n'architecture.width' = [16, ▶0]\n",
        "`architecture.width` is 0",
        "",
    ),
    case(
        "architecture.family = 'dcgan'\ntraining.epochs = 9\n[sweep]\nseeds = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20]\n[sweep.▶parameters]\n'training.ema.decay' = [0.5, 0.6, 0.7, 0.8, 0.9]\n'architecture.latent_dim' = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20]\n'dataset.limit' = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20]\n'training.batch_size' = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25]\n",
        "the sweep has 1_000_000 runs (5 × 20 × 20 × 25 values × 20 seeds), but may have at most 100_000",
        "strategy = \"random\"",
    ),
    case(
        "architecture.family = 'dcgan'\ntraining.epochs = 9\n[sweep]\nstrategy = 'random'\ntrials = ▶50_001\nseeds = [1, 2]\n[sweep.parameters]\n'optimizer.learning_rate' = { log-uniform = [1e-5, 1e-3] }\n",
        "the sweep has 100_002 runs",
        "fewer trials or seeds",
    ),
    case(
        "architecture.family = 'dcgan'\ntraining.epochs = 9\n[sweep]\nstrategy = 'random'\ntrials = ▶0\n[sweep.parameters]\n'optimizer.learning_rate' = { log-uniform = [1e-5, 1e-3] }\n",
        "`sweep.trials` is 0, but must be between 1 and 100_000 trials",
        "",
    ),
    case(
        "architecture.family = 'dcgan'\ntraining.epochs = 9\n[sweep]\nstrategy = 'random'\ntrials = ▶1_000_000\n[sweep.parameters]\n'optimizer.learning_rate' = { log-uniform = [1e-5, 1e-3] }\n",
        "`sweep.trials` is 1000000",
        "",
    ),
    case(
        "architecture.family = 'dcgan'\ntraining.epochs = 9\n[▶sweep]\nstrategy = 'random'\n[sweep.parameters]\n'optimizer.learning_rate' = { log-uniform = [1e-5, 1e-3] }\n",
        "needs to know how many configurations to try",
        "add trials = 20",
    ),
    case(
        "architecture.family = 'dcgan'\ntraining.epochs = 9\n[▶sweep]\nstrategy = 'random'\ntrials = 5\n",
        "the strategy `random` needs [sweep.parameters]",
        "log-uniform",
    ),
    case(
        "architecture.family = 'dcgan'\ntraining.epochs = 9\n[sweep]\nstrategy = 'grid'\n▶trials = 5\n[sweep.parameters]\n'optimizer.learning_rate' = [1e-4, 2e-4]\n",
        "`sweep.trials` belongs to `random`, `tpe` and `halving`, but `sweep.strategy` is `grid`",
        "remove it",
    ),
    case(
        "architecture.family = 'dcgan'\ntraining.epochs = 9\n[sweep]\n▶batch = 5\n[sweep.parameters]\n'optimizer.learning_rate' = [1e-4, 2e-4]\n",
        "`sweep.batch` belongs to `tpe`",
        "remove it",
    ),
    case(
        "architecture.family = 'dcgan'\ntraining.epochs = 9\n[sweep]\nstrategy = 'random'\ntrials = 5\n▶factor = 2\n[sweep.parameters]\n'optimizer.learning_rate' = [1e-4, 2e-4]\n",
        "`sweep.factor` belongs to `halving`",
        "remove it",
    ),
    case(
        "architecture.family = 'dcgan'\ntraining.epochs = 9\n[sweep]\n▶trails = 5\n[sweep.parameters]\n'optimizer.learning_rate' = [1e-4, 2e-4]\n",
        "unknown key `trails` in [sweep]",
        "did you mean `trials`?",
    ),
    case(
        "architecture.family = 'dcgan'\ntraining.epochs = 9\n[sweep]\nstrategy = ▶'bayes'\ntrials = 5\n[sweep.parameters]\n'optimizer.learning_rate' = [1e-4, 2e-4]\n",
        "unknown word `bayes` for `sweep.strategy`",
        "the words are `grid`, `random`, `tpe` and `halving`",
    ),
    case(
        "architecture.family = 'dcgan'\ntraining.epochs = 9\n[sweep]\nstrategy = 'tpe'\ntrials = 5\nbatch = ▶0\nobjective.column = 'g_loss'\n[sweep.parameters]\n'optimizer.learning_rate' = [1e-4, 2e-4]\n",
        "`sweep.batch` is 0",
        "",
    ),
    case(
        "architecture.family = 'dcgan'\ntraining.epochs = 9\n[sweep.parameters]\n'optimizer.learning_rate' = { ▶log-uniform = [1e-5, 1e-3] }\n",
        "has a range, but a grid takes every value of a list",
        "write a list",
    ),
    case(
        "architecture.family = 'dcgan'\ntraining.epochs = 9\n[sweep]\nstrategy = 'random'\ntrials = 4\n[sweep.parameters]\n'optimizer.learning_rate' = { log-uniform = ▶[1e-3, 1e-5] }\n",
        "the range of `optimizer.learning_rate` is empty: 0.001 is not less than 1e-5",
        "write log-uniform = [1e-5, 0.001]",
    ),
    case(
        "architecture.family = 'dcgan'\ntraining.epochs = 9\n[sweep]\nstrategy = 'random'\ntrials = 4\n[sweep.parameters]\n'optimizer.learning_rate' = { uniform = ▶[1e-3, 1e-3] }\n",
        "is empty",
        "write a list: [0.001]",
    ),
    case(
        "architecture.family = 'dcgan'\ntraining.epochs = 9\n[sweep]\nstrategy = 'random'\ntrials = 4\n[sweep.parameters]\n'optimizer.learning_rate' = { log-uniform = [▶0, 1e-3] }\n",
        "`log-uniform` takes numbers above 0",
        "begin at a small number",
    ),
    case(
        "architecture.family = 'dcgan'\ntraining.epochs = 9\n[sweep]\nstrategy = 'random'\ntrials = 4\n[sweep.parameters]\n'training.batch_size' = { integer = [▶16.5, 64] }\n",
        "`integer` takes whole numbers for `training.batch_size`, but gets 16.5",
        "",
    ),
    case(
        "architecture.family = 'dcgan'\ntraining.epochs = 9\n[sweep]\nstrategy = 'random'\ntrials = 4\n[sweep.parameters]\n'training.batch_size' = { log-uniform = [▶16, 64] }\n",
        "`training.batch_size` must be a whole number, but `log-uniform` draws fractions",
        "write { integer = [16, 64] }",
    ),
    case(
        "architecture.family = 'dcgan'\ntraining.epochs = 9\n[sweep]\nstrategy = 'random'\ntrials = 4\n[sweep.parameters]\n'training.batch_size' = { integer = [▶0, 64] }\n",
        "`training.batch_size` is 0, but must be between 1 and 65_536",
        "",
    ),
    case(
        "architecture.family = 'dcgan'\ntraining.epochs = 9\n[sweep]\nstrategy = 'random'\ntrials = 4\n[sweep.parameters]\n'optimizer.learning_rate' = { uniform = [1e-5, ▶inf] }\n",
        "takes finite numbers",
        "",
    ),
    case(
        "architecture.family = 'dcgan'\ntraining.epochs = 9\n[sweep]\nstrategy = 'random'\ntrials = 4\n[sweep.parameters]\n'optimizer.learning_rate' = { uniform = [▶'a', 1] }\n",
        "`uniform` takes numbers for `optimizer.learning_rate`, but gets \"a\"",
        "",
    ),
    case(
        "architecture.family = 'dcgan'\ntraining.epochs = 9\n[sweep]\nstrategy = 'random'\ntrials = 4\n[sweep.parameters]\n'optimizer.learning_rate' = { uniform = ▶[1e-5, 1e-4, 1e-3] }\n",
        "must be the two ends of a range",
        "",
    ),
    case(
        "architecture.family = 'dcgan'\ntraining.epochs = 9\n[sweep]\nstrategy = 'random'\ntrials = 4\n[sweep.parameters]\n'optimizer.learning_rate' = { uniform = ▶1e-3 }\n",
        "must be the two ends of a range",
        "write { uniform = [low, high] }",
    ),
    case(
        "architecture.family = 'dcgan'\ntraining.epochs = 9\n[sweep]\nstrategy = 'random'\ntrials = 4\n[sweep.parameters]\n'optimizer.learning_rate' = { ▶loguniform = [1e-5, 1e-3] }\n",
        "unknown word `loguniform` for the range of `optimizer.learning_rate`",
        "did you mean `log-uniform`?",
    ),
    case(
        "architecture.family = 'dcgan'\ntraining.epochs = 9\n[sweep]\nstrategy = 'random'\ntrials = 4\n[sweep.parameters]\n'optimizer.learning_rate' = { ▶normal = [0, 1] }\n",
        "unknown word `normal` for the range",
        "the words are `uniform`, `log-uniform`, `integer` and `choice`",
    ),
    case(
        "architecture.family = 'dcgan'\ntraining.epochs = 9\n[sweep]\nstrategy = 'random'\ntrials = 4\n[sweep.parameters]\n'optimizer.learning_rate' = ▶{ uniform = [0.1, 1], integer = [1, 2] }\n",
        "is a table of 2 keys",
        "keep one of",
    ),
    case(
        "architecture.family = 'dcgan'\ntraining.epochs = 9\n[sweep]\nstrategy = 'random'\ntrials = 4\n[sweep.parameters]\n'objective.loss' = { choice = ▶'minimax' }\n",
        "`choice` must be a list of values for `objective.loss`",
        "choice = [\"minimax\"]",
    ),
    case(
        "architecture.family = 'dcgan'\ntraining.epochs = 9\n[sweep]\nstrategy = 'random'\ntrials = 4\n[sweep.parameters]\n'objective.loss' = { choice = ▶[] }\n",
        "`objective.loss` is swept over 0 values",
        "",
    ),
    case(
        "architecture.family = 'dcgan'\ntraining.epochs = 9\n[sweep]\nstrategy = 'random'\ntrials = 4\n[sweep.parameters]\n'objective.loss' = { integer = [▶0, 1] }\n",
        "must be one of the words `minimax`",
        "",
    ),
    case(
        "architecture.family = 'dcgan'\ntraining.epochs = 9\n[sweep]\nstrategy = 'random'\ntrials = 4\n[sweep.parameters]\n▶'optimizer.learning_rat' = { log-uniform = [1e-5, 1e-3] }\n",
        "unknown key `learning_rat` in [optimizer]",
        "did you mean `learning_rate`?",
    ),
    case(
        "architecture.family = 'dcgan'\ntraining.epochs = 9\n[sweep.parameters]\n▶'optimizer.learning_rate' = [1e-4, 2e-4]\n'optimizer.generator.learning_rate' = [1e-4, 2e-4]\n'optimizer.discriminator.learning_rate' = [3e-4, 4e-4]\n",
        "optimizer.learning_rate = 0.0001 and optimizer.learning_rate = 0.0002 make no difference",
        "sweep over one of the keys",
    ),
    case(
        "architecture.family = 'dcgan'\ntraining.epochs = 9\n[sweep.parameters]\n'optimizer.generator' = [{ learning_rate = 1e-4 }]\n▶'optimizer.generator.learning_rate' = [1e-4, 2e-4]\n",
        "`optimizer.generator.learning_rate` is swept twice: `optimizer.generator` sets it too",
        "",
    ),
    case(
        "architecture.family = 'dcgan'\ntraining.epochs = 9\n[sweep.parameters]\n'optimizer.learning_rate' = [1e-4, 2e-4]\n[sweep.parameters.optimizer]\n▶learning_rate = [3e-4]\n",
        "`optimizer.learning_rate` is swept twice",
        "",
    ),
    case(
        "architecture.family = 'dcgan'\ntraining.epochs = 9\n[sweep.parameters]\n'objective.update' = ['simultaneous', 'alternating']\n'objective.discriminator_steps' = [1, ▶5]\n",
        "simultaneous updates take both gradients",
        "update = \"alternating\"",
    ),
    case(
        "architecture.family = 'dcgan'\ntraining.epochs = 9\n[sweep.parameters]\n'architecture.latent_dim' = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20]\n▶'architecture.width' = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20]\n",
        "the sweep has 400 architectures (20 × 20 values), but may have at most 256",
        "each is compiled",
    ),
    case(
        "architecture.family = 'dcgan'\ntraining.epochs = 9\n[▶sweep]\nstrategy = 'tpe'\ntrials = 5\n[sweep.parameters]\n'optimizer.learning_rate' = [1e-4, 2e-4]\n",
        "the strategy `tpe` needs to know what is best",
        "add objective = { column = \"g_loss\"",
    ),
    case(
        "architecture.family = 'dcgan'\ntraining.epochs = 9\n[▶sweep]\nfinal.seeds = [7]\n[sweep.parameters]\n'optimizer.learning_rate' = [1e-4, 2e-4]\n",
        "`sweep.final` needs to know what is best",
        "add objective",
    ),
    case(
        "architecture.family = 'dcgan'\ntraining.epochs = 9\n[sweep]\nobjective.column = ▶'gloss'\n[sweep.parameters]\n'optimizer.learning_rate' = [1e-4, 2e-4]\n",
        "unknown column `gloss`",
        "did you mean `g_loss`?",
    ),
    case(
        "architecture.family = 'dcgan'\ntraining.epochs = 9\n[sweep]\nobjective.column = ▶'fid'\n[sweep.parameters]\n'optimizer.learning_rate' = [1e-4, 2e-4]\n",
        "unknown column `fid`",
        "the columns are `d_loss`, `g_loss`",
    ),
    case(
        "architecture.family = 'dcgan'\ntraining.epochs = 9\n[sweep]\nobjective.column = ▶'step'\n[sweep.parameters]\n'optimizer.learning_rate' = [1e-4, 2e-4]\n",
        "`step` counts, and says nothing about how good a run is",
        "the columns are",
    ),
    case(
        "architecture.family = 'dcgan'\ntraining.epochs = 9\n[sweep]\nobjective.column = ▶'frechet'\n[sweep.parameters]\n'optimizer.learning_rate' = [1e-4, 2e-4]\n",
        "`frechet` is a column of evaluation.csv, but the file has no [evaluation]",
        "add [evaluation]",
    ),
    case(
        "architecture.family = 'dcgan'\ntraining.epochs = 9\n[evaluation]\nmetrics = ['kernel']\n[sweep]\nobjective.column = ▶'recall'\n[sweep.parameters]\n'optimizer.learning_rate' = [1e-4, 2e-4]\n",
        "`recall` is not measured",
        "add \"precision-recall\"",
    ),
    case(
        "architecture.family = 'dcgan'\ntraining.epochs = 9\n[sweep]\nobjective = { column = 'g_loss', goal = ▶'minimum' }\n[sweep.parameters]\n'optimizer.learning_rate' = [1e-4, 2e-4]\n",
        "unknown word `minimum` for `sweep.objective.goal`",
        "did you mean `min`?",
    ),
    case(
        "architecture.family = 'dcgan'\ntraining.epochs = 9\n[sweep]\nobjective = { column = 'g_loss', value = ▶'mean' }\n[sweep.parameters]\n'optimizer.learning_rate' = [1e-4, 2e-4]\n",
        "unknown word `mean` for `sweep.objective.value`",
        "the words are `last` and `best`",
    ),
    case(
        "architecture.family = 'dcgan'\ntraining.epochs = 9\n[sweep]\n▶objective = { goal = 'min' }\n[sweep.parameters]\n'optimizer.learning_rate' = [1e-4, 2e-4]\n",
        "`sweep.objective` needs the key `column`",
        "add column = …",
    ),
    case(
        "architecture.family = 'dcgan'\ntraining.epochs = 9\n[sweep]\nobjective = ▶'g_loss'\n[sweep.parameters]\n'optimizer.learning_rate' = [1e-4, 2e-4]\n",
        "`sweep.objective` must be a table such as { column = …",
        "",
    ),
    case(
        "architecture.family = 'dcgan'\ntraining.epochs = 9\n[sweep]\nobjective = { ▶colum = 'g_loss' }\n[sweep.parameters]\n'optimizer.learning_rate' = [1e-4, 2e-4]\n",
        "unknown key `colum` in `sweep.objective`",
        "did you mean `column`?",
    ),
    case(
        "architecture.family = 'dcgan'\ntraining.epochs = 9\n[sweep]\nstrategy = 'halving'\ntrials = 9\nobjective.column = 'g_loss'\nstart = ▶9\n[sweep.parameters]\n'optimizer.learning_rate' = [1e-4, 2e-4]\n",
        "`sweep.start` is 9, but must be less than `training.epochs`, which is 9",
        "",
    ),
    case(
        "architecture.family = 'dcgan'\ntraining.epochs = 9\n[sweep]\nstrategy = 'halving'\ntrials = 9\nobjective.column = 'g_loss'\nfactor = ▶1\n[sweep.parameters]\n'optimizer.learning_rate' = [1e-4, 2e-4]\n",
        "`sweep.factor` is 1, but must be between 2 and 100",
        "",
    ),
    case(
        "architecture.family = 'dcgan'\ntraining.epochs = 9\n[sweep]\nstrategy = 'halving'\ntrials = 9\nobjective.column = 'g_loss'\n[sweep.parameters]\n▶'training.epochs' = [5, 6]\n",
        "`training.epochs` cannot be swept by `halving`",
        "remove it",
    ),
    case(
        "architecture.family = 'dcgan'\ntraining.epochs = 9\n[evaluation]\nevery = 3\n[sweep]\nstrategy = 'halving'\ntrials = 9\nobjective.column = 'kernel'\nstart = ▶2\n[sweep.parameters]\n'optimizer.learning_rate' = [1e-4, 2e-4]\n",
        "the first rung ends after 2 epochs, but `kernel` is measured every 3 epochs only",
        "write start = 3",
    ),
    case(
        "architecture.family = 'dcgan'\ntraining.epochs = 9\n[sweep]\nobjective.column = 'g_loss'\nfinal.seeds = [7, 8, ▶7]\n[sweep.parameters]\n'optimizer.learning_rate' = [1e-4, 2e-4]\n",
        "`sweep.final.seeds` has the seed 7 twice",
        "",
    ),
    case(
        "architecture.family = 'dcgan'\ntraining.epochs = 9\n[sweep]\nseeds = [1, 2]\nobjective.column = 'g_loss'\nfinal.seeds = [3, ▶2]\n[sweep.parameters]\n'optimizer.learning_rate' = [1e-4, 2e-4]\n",
        "the search uses the seed 2 already",
        "use another one, such as 4",
    ),
    case(
        "architecture.family = 'dcgan'\ntraining.epochs = 9\n[sweep]\nobjective.column = 'g_loss'\nfinal = ▶3\n[sweep.parameters]\n'optimizer.learning_rate' = [1e-4, 2e-4]\n",
        "`sweep.final` must be a table such as { seeds = … }, but is 3",
        "",
    ),
    case(
        "architecture.family = 'dcgan'\ntraining.epochs = 9\n[sweep]\nobjective.column = 'g_loss'\nfinal = { ▶seed = [3] }\n[sweep.parameters]\n'optimizer.learning_rate' = [1e-4, 2e-4]\n",
        "unknown key `seed` in `sweep.final`",
        "did you mean `seeds`?",
    ),
    case(
        "architecture.family = 'dcgan'\ntraining.epochs = 9\n[sweep]\nseeds = [1, 2]\n[sweep.slurm]\ntime = ▶'two hours'\n",
        "`sweep.slurm.time` is \"two hours\", but must be a time limit such as 30",
        "time = \"02:00:00\"",
    ),
    case(
        "architecture.family = 'dcgan'\ntraining.epochs = 9\n[sweep]\nseeds = [1, 2]\n[sweep.slurm]\ntime = ▶120\n",
        "`sweep.slurm.time` must be a text in quotes, but is 120",
        "",
    ),
    case(
        "architecture.family = 'dcgan'\ntraining.epochs = 9\n[sweep]\nseeds = [1, 2]\n[sweep.slurm]\n▶tme = '10'\n",
        "unknown key `tme` in `sweep.slurm`",
        "did you mean `time`?",
    ),
    case(
        "architecture.family = 'dcgan'\ntraining.epochs = 9\n[sweep]\nseeds = [1, 2]\n[sweep.slurm]\nmemory = ▶'8 gigabytes'\n",
        "`sweep.slurm.memory` is",
        "memory = \"8G\"",
    ),
    case(
        "architecture.family = 'dcgan'\ntraining.epochs = 9\n[sweep]\nseeds = [1, 2]\n[sweep.slurm]\npartition = ▶'gpu; rm'\n",
        "`sweep.slurm.partition` is",
        "",
    ),
    case(
        "architecture.family = 'dcgan'\ntraining.epochs = 9\n[sweep]\nseeds = [1, 2]\n[sweep.slurm]\ncpus = ▶0\n",
        "`sweep.slurm.cpus` is 0, but must be between 1 and 4096",
        "",
    ),
    case(
        "architecture.family = 'dcgan'\ntraining.epochs = 9\n[sweep]\nseeds = [1, 2]\n[sweep.slurm]\noptions = [▶'constraint=a100']\n",
        "does not begin with a dash",
        "write \"--constraint=a100\"",
    ),
    case(
        "architecture.family = 'dcgan'\ntraining.epochs = 9\n[sweep]\nseeds = [1, 2]\n[sweep.slurm]\nsetup = ['module load cuda', ▶'']\n",
        "is not one line of text",
        "",
    ),
    case(
        "architecture.family = 'dcgan'\n[training]\n▶steps = 100\n[sweep]\nstrategy = 'halving'\ntrials = 9\nobjective.column = 'g_loss'\n[sweep.parameters]\n'optimizer.learning_rate' = [1e-4, 2e-4]\n",
        "the strategy `halving` counts in epochs, but `training.steps` is given",
        "write epochs = …",
    ),
    case(
        "architecture.family = 'dcgan'\n[training]\n▶images = 100\n[sweep]\nstrategy = 'halving'\ntrials = 9\nobjective.column = 'g_loss'\n[sweep.parameters]\n'optimizer.learning_rate' = [1e-4, 2e-4]\n",
        "the strategy `halving` counts in epochs, but `training.images` is given",
        "write epochs = …",
    ),
    // Contradictions between sections.
    case(
        "dataset.name = 'slanted-faces'\ntraining = { epochs = 1, batch_size = 1 }\narchitecture.family = ▶'dcgan'\n",
        "dcgan draws 28×28 or 32×32 images, but slanted-faces are 2×2",
        "choose another",
    ),
    case(
        "dataset.name = 'gaussian-ring'\ntraining.epochs = 1\narchitecture.family = ▶'dcgan'\n",
        "gaussian-ring gives points in the plane",
        "",
    ),
    case(
        "dataset.name = 'mnist'\ntraining.epochs = 1\narchitecture.family = ▶'slanted-faces'\n",
        "draws 2×2 grey images, but mnist is 28×28",
        "",
    ),
    case(
        "dataset.limit = 100\ntraining = { epochs = 1, batch_size = ▶128 }\narchitecture.family = 'dcgan'\n",
        "`training.batch_size` is 128, but `dataset.limit` leaves 100 training examples",
        "at most 100",
    ),
    case(
        "dataset.limit = ▶100\ntraining.epochs = 1\narchitecture.family = 'dcgan'\n",
        "`training.batch_size` is 256, but `dataset.limit` leaves 100",
        "at most 100",
    ),
    case(
        "training.epochs = 1\nobjective.regularizer = { gradient-penalty = { weight = 10 } }\n[architecture]\nfamily = 'custom'\ngenerator.layers = ['tanh']\ndiscriminator.layers = ['flatten', ▶'batch-norm', { dense = { units = 1 } }]\n",
        "a batch-norm in the discriminator mixes the examples of a batch",
        "take the batch-norm out",
    ),
    case(
        "training.epochs = 1\nobjective.regularizer = { r1 = { gamma = 1 } }\n[architecture]\nfamily = 'custom'\ngenerator.layers = ['tanh']\ndiscriminator.layers = [{ residual = { layers = ['relu'], shortcut = [▶'batch-norm'] } }, { dense = { units = 1 } }]\n",
        "a batch-norm in the discriminator mixes the examples of a batch",
        "take the batch-norm out",
    ),
    case(
        "training.epochs = 1\nobjective.regularizer = { r1 = { gamma = 1 } }\n[architecture]\nfamily = 'infogan'\ndiscriminator_batch_norm = ▶true\n",
        "a batch-norm in the discriminator mixes the examples of a batch",
        "set discriminator_batch_norm = false",
    ),
    case(
        "training.epochs = 1\nobjective.regularizer = { r1 = { gamma = 1 } }\n[architecture]\nfamily = 'dcgan'\nvariant = ▶'paper'\n",
        "a batch-norm in the discriminator mixes the examples of a batch",
        "set variant = \"tutorial\"",
    ),
    case(
        "dataset.name = 'gaussian-ring'\ntraining.epochs = 1\narchitecture.family = ▶'sngan'\n",
        "sngan draws 28×28 or 32×32 images, but gaussian-ring gives points in the plane",
        "mlp takes any shape",
    ),
    case(
        "dataset.name = 'mnist'\ntraining.epochs = 1\n[architecture]\nfamily = 'conditional-dcgan'\nclasses = ▶7\n",
        "the network reads labels of 7 classes, but mnist has 10",
        "use classes = 10",
    ),
    case(
        "dataset = { name = 'idx', images = 'x', shape = [28, 28] }\ntraining.epochs = 1\narchitecture.family = ▶'conditional-dcgan'\n",
        "the network reads the examples' classes, but idx has no labels here",
        "give `dataset.labels`",
    ),
    case(
        "dataset.name = 'mnist'\ntraining.epochs = 1\n[architecture]\nfamily = 'custom'\ngenerator.layers = ['tanh']\ndiscriminator.layers = ['flatten', { residual = { layers = [▶{ label-embedding = { classes = 3, width = 1 } }] } }, { dense = { units = 1 } }]\n",
        "the network reads labels of 3 classes, but mnist has 10",
        "use classes = 10",
    ),
    // A BEGAN's discriminator is an autoencoder.
    case(
        "architecture.family = 'began'\ntraining.epochs = 9\n[objective]\n▶loss = 'minimax'\n",
        "`objective.loss` belongs to GANs, but `architecture.family` is `began`",
        "gives an example, not a logit",
    ),
    case(
        "architecture.family = 'began'\ntraining.epochs = 9\n[objective]\n▶regularizer = { r1 = { gamma = 1 } }\n",
        "`objective.regularizer` belongs to GANs, but `architecture.family` is `began`",
        "gives an example, not a logit",
    ),
    case(
        "architecture.family = 'dcgan'\ntraining.epochs = 9\nobjective.▶gamma = 0.5\n",
        "`objective.gamma` belongs to BEGANs, but `architecture.family` is `dcgan`",
        "remove it",
    ),
    case(
        "architecture.family = 'began'\ntraining.epochs = 9\nobjective.gamma = ▶0\n",
        "`objective.gamma` is 0, but must be greater than 0 and at most 1",
        "",
    ),
    case(
        "architecture.family = 'began'\ntraining.epochs = 9\nobjective.lambda_k = ▶2\n",
        "`objective.lambda_k` is 2, but must be between 0 and 1",
        "",
    ),
    case(
        "architecture.family = 'began'\ntraining.epochs = 9\nobjective.▶lambda = 0.1\n",
        "unknown key `lambda`",
        "did you mean `lambda_k`?",
    ),
    case(
        "[architecture]\nfamily = 'began'\n▶hidden = [5]\n",
        "`architecture.hidden` belongs to `dense`, but `architecture.variant` is `conv`",
        "write variant = \"dense\"",
    ),
    case(
        "[architecture]\nfamily = 'began'\nvariant = ▶'tutorial'\n",
        "`tutorial` is no variant of the family `began`",
        "its variants are `conv` and `dense`",
    ),
    case(
        "[architecture]\nfamily = 'mlp'\n▶code_dim = 5\n",
        "`architecture.code_dim` belongs to `began`",
        "remove it",
    ),
    case("[architecture]\nfamily = 'began'\ncode_dim = ▶0\n", "`architecture.code_dim` is 0", ""),
    case(
        "[▶architecture]\nfamily = 'began'\ngenerator.layers = ['tanh']\n",
        "needs [architecture.discriminator] with its `layers` too",
        "spelt out together",
    ),
    case(
        "[architecture]\nfamily = 'began'\n▶code_dim = 5\ngenerator.layers = ['tanh']\ndiscriminator.layers = ['flatten']\n",
        "`architecture.code_dim` stands beside [architecture.generator]",
        "remove one of them",
    ),
    case(
        "architecture.family = 'began'\ndataset.name = 'gaussian-ring'\ntraining = { epochs = 9, early_stop = { column = ▶'d_real', patience = 3 } }\n",
        "`d_real` is no column of this experiment's learner",
        "`convergence`",
    ),
    // What a family's learner has no use for, and the families of other learners.
    case(
        "architecture.family = 'vae'\ntraining.epochs = 9\n[objective]\n▶loss = 'minimax'\n",
        "`objective.loss` belongs to GANs, but `architecture.family` is `vae`",
        "remove it",
    ),
    case(
        "[architecture]\nfamily = 'classifier'\n▶latent_dim = 5\n",
        "`architecture.latent_dim` belongs to GANs, BEGANs and VAEs, but `architecture.family` is `classifier`",
        "remove it",
    ),
    case(
        "architecture.family = 'classifier'\ntraining.epochs = 9\n[optimizer]\n▶generator = { learning_rate = 1e-3 }\n",
        "`optimizer.generator` belongs to GANs",
        "remove it",
    ),
    case(
        "architecture.family = 'vae'\n[training]\nepochs = 9\nema = { decay = ▶1 }\n",
        "`training.ema.decay` is 1, but must be at least 0 and less than 1",
        "",
    ),
    case(
        "architecture.family = 'dcgan'\ntraining.epochs = 9\nobjective.▶beta = 2\n",
        "`objective.beta` belongs to VAEs, but `architecture.family` is `dcgan`",
        "remove it",
    ),
    case(
        "[architecture]\nfamily = 'mlp'\n▶variant = 'conv'\n",
        "`architecture.variant` belongs to `dcgan`, `began`, `vae` and `classifier`",
        "remove it",
    ),
    case(
        "[architecture]\nfamily = 'classifier'\nvariant = ▶'conv'\n",
        "`conv` is no variant of the family `classifier`",
        "its variants are `lenet`, `sigmoid` and `extractor`",
    ),
    case(
        "[architecture]\nfamily = 'vae'\nvariant = ▶'dens'\n",
        "unknown word `dens` for `architecture.variant`",
        "did you mean `dense`?",
    ),
    case(
        "[architecture]\nfamily = 'classifier'\n▶variant = 'lenet'\nclassifier.layers = ['flatten']\n",
        "`architecture.variant` stands beside [architecture.classifier]",
        "remove one of them",
    ),
    case(
        "[▶architecture]\nfamily = 'vae'\nencoder.layers = ['flatten']\n",
        "needs [architecture.decoder] with its `layers` too",
        "spelt out together",
    ),
    case(
        "[architecture]\nfamily = 'classifier'\nclasses = ▶1\n",
        "`architecture.classes` is 1, but must be between 2 and 256 classes",
        "",
    ),
    case(
        "architecture.family = 'vae'\ntraining.epochs = 9\nobjective.beta = ▶-1\n",
        "`objective.beta` is -1, but must be between 0 and 1000",
        "",
    ),
    case(
        "architecture.family = 'vae'\ntraining.epochs = 9\nobjective.likelihood = { gaussian = { std = ▶0 } }\n",
        "`objective.likelihood.gaussian.std` is 0, but must be between 0.001 and 100",
        "",
    ),
    case(
        "architecture.family = 'vae'\ntraining.epochs = 9\nobjective.likelihood = ▶'gaussian'\n",
        "`gaussian` needs its parameters",
        "{ gaussian = { std = 0.1 } }",
    ),
    case(
        "architecture.family = 'vae'\ntraining.epochs = 9\ndataset.range = ▶'symmetric'\n",
        "the likelihood bernoulli takes values for probabilities, but `dataset.range` is `symmetric`",
        "write dataset.range = \"unit\"",
    ),
    case(
        "architecture.family = 'vae'\ntraining.epochs = 9\ndataset.name = ▶'gaussian-ring'\n",
        "takes values for probabilities, but gaussian-ring gives points in the plane",
        "gaussian = { std = 0.1 }",
    ),
    case(
        "architecture.family = 'classifier'\ntraining.epochs = 9\n[sweep]\nobjective.column = ▶'d_loss'\n[sweep.parameters]\n'optimizer.learning_rate' = [1e-4, 2e-4]\n",
        "`d_loss` is no column of this experiment's learner",
        "the columns are `loss`, `accuracy`",
    ),
];
