using IntegrationHub.Schemas;

namespace IntegrationHub.Testing.Contracts;

/// <summary>A message, judged, with what the author explains taken out.</summary>
/// <param name="Operation">The manifest's operation.</param>
/// <param name="Verdict">What the description says.</param>
/// <param name="Unexplained">Violations, warnings included, that no explanation covers.</param>
/// <param name="Explained">The others, each with its explanation.</param>
internal sealed record JudgedMessage(
    string Operation, ContractVerdict Verdict, IReadOnlyList<ContractViolation> Unexplained, IReadOnlyList<(ContractViolation Violation, Explanation Explanation)> Explained)
{
    /// <summary>Whether it contradicts the description, and nobody says why.</summary>
    public bool Fails => Unexplained.Any(violation => violation.Severity == ViolationSeverity.Error);
}

/// <summary>How many messages were judged, and how.</summary>
/// <param name="Fits">All of the message was judged, and fits.</param>
/// <param name="Explained">It does not fit, for reasons that the author gives.</param>
/// <param name="Violates">It does not fit.</param>
/// <param name="NotJudged">Something of it could not be judged, and the rest fits. Never to be counted as fitting.</param>
internal sealed record ContractCount(int Fits, int Explained, int Violates, int NotJudged)
{
    public int All => Fits + Explained + Violates + NotJudged;
}

/// <summary>
/// A plugin's contract: the vendor's description (files that the caller names, else what lies in <c>contract/</c>), and the author's explanations in
/// <c>contract/explained.json</c>. Not thread-safe: it counts.
/// </summary>
internal sealed class ContractJudge
{
    /// <summary>The folder in a plugin's folder. It is neither packed nor loaded.</summary>
    public const string FolderName = "contract";

    private readonly Explanations explanations;
    private readonly List<JudgedMessage> judged = [];

    public ContractJudge(VendorDescription description, Explanations explanations)
    {
        Description = description;
        this.explanations = explanations;
    }

    public VendorDescription Description { get; }

    /// <summary>How many differences the author explains.</summary>
    public int ExplanationCount => explanations.All.Count;

    /// <summary>What was judged so far, requests and answers.</summary>
    public IReadOnlyList<JudgedMessage> Judged => judged;

    public ContractCount Count => new(
        judged.Count(message => message.Verdict.Outcome == VerdictOutcome.Fits),
        judged.Count(message => message.Verdict.Outcome == VerdictOutcome.Violates && !message.Fails),
        judged.Count(message => message.Fails),
        judged.Count(message => message.Verdict.Outcome == VerdictOutcome.NotJudged));

    /// <summary>The files of a plugin's description, in order of their names; none when it has no description.</summary>
    public static IReadOnlyList<string> FilesOf(string pluginFolder)
    {
        var folder = Path.Combine(pluginFolder, FolderName);
        return Directory.Exists(folder)
            ? [.. Directory.EnumerateFiles(folder).Where(file => Path.GetFileName(file) != Explanations.FileName && Path.GetExtension(file).ToLowerInvariant() is ".json" or ".yaml" or ".yml").Order(StringComparer.Ordinal)]
            : [];
    }

    /// <summary>Opens a plugin's contract; <see langword="null"/> when there is no description to judge by.</summary>
    public static async Task<ContractJudge?> OpenAsync(string pluginFolder, IReadOnlyList<string> descriptionFiles, CancellationToken cancellationToken)
    {
        var files = descriptionFiles.Count == 0 ? FilesOf(pluginFolder) : descriptionFiles;
        if (files.Count == 0)
            return null;

        return new ContractJudge(
            await VendorDescription.LoadAsync(files, cancellationToken),
            await Explanations.LoadAsync(Path.Combine(pluginFolder, FolderName, Explanations.FileName), cancellationToken));
    }

    /// <summary>Judges a request of one of the manifest's operations.</summary>
    public JudgedMessage Judge(string operation, VendorRequest request) => Explain(operation, Description.Check(request));

    /// <summary>Judges an answer of the plugin's simulator.</summary>
    public JudgedMessage JudgeAnswer(string operation, VendorOperation vendorOperation, VendorAnswer answer) =>
        Explain(operation, Description.CheckAnswer(vendorOperation, answer));

    /// <summary>What is wrong with the explanations, once everything was judged: malformed, written against another version of the description, or explaining nothing. Pointers lead into <c>explained.json</c>.</summary>
    public IReadOnlyList<ValidationIssue> ExplanationIssues()
    {
        var issues = explanations.Issues.ToList();
        issues.AddRange(explanations.Unused.Select(one => new ValidationIssue(one.Place, "It explains nothing: no message disagrees with the description there.", "Remove it.")));
        issues.AddRange(explanations.All.Where(one => Description.Versions.Count > 0 && !Description.Versions.Contains(one.Description)).Select(one => new ValidationIssue(
            PointerText.Append(one.Place, "description"), $"It was written against version {one.Description} of the description, which is now {string.Join(", ", Description.Versions)}.", "Look whether it still holds, and name the version.")));
        return issues;
    }

    private JudgedMessage Explain(string operation, ContractVerdict verdict)
    {
        var pairs = verdict.Violations.Select(violation => (violation, explanation: explanations.For(operation, violation))).ToList();
        var message = new JudgedMessage(
            operation, verdict, [.. pairs.Where(pair => pair.explanation is null).Select(pair => pair.violation)], [.. pairs.Where(pair => pair.explanation is not null).Select(pair => (pair.violation, pair.explanation!))]);
        judged.Add(message);
        return message;
    }
}
