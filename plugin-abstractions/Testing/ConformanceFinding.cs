namespace IntegrationHub.Testing;

/// <summary>How serious a finding is.</summary>
public enum FindingSeverity
{
    /// <summary>Works, and should be better. Lowers the quality level at most.</summary>
    Warning,

    /// <summary>The plugin is faulty: <see cref="PluginConformance.AssertAsync"/> fails.</summary>
    Error,
}

/// <summary>One thing that the suite found. Never contains the value of a secret.</summary>
public sealed record ConformanceFinding
{
    /// <summary>How serious it is.</summary>
    public required FindingSeverity Severity { get; init; }

    /// <summary>The id of the check that found it (<c>operations.result</c>); stable, fit for <see cref="ConformanceOptions.Skip"/>.</summary>
    public required string Check { get; init; }

    /// <summary>Where in <c>manifest.json</c>: a JSON pointer (RFC 6901); empty when it concerns the whole plugin or its code.</summary>
    public string Pointer { get; init; } = "";

    /// <summary>What is wrong, as a sentence.</summary>
    public required string Message { get; init; }

    /// <summary>What to do about it, when that can be said.</summary>
    public string? Hint { get; init; }
}

/// <summary>How a check ended.</summary>
public enum CheckOutcome
{
    /// <summary>Nothing was found.</summary>
    Passed,

    /// <summary>Only warnings were found.</summary>
    Warned,

    /// <summary>At least one error was found.</summary>
    Failed,

    /// <summary>It was not run: it does not apply to this plugin, was skipped on request, or an earlier failure makes it impossible.</summary>
    Skipped,
}

/// <summary>One check of the suite and how it ended.</summary>
public sealed record ConformanceCheck
{
    /// <summary>Its id: a group, a dot and a name (<c>webhooks.tampered</c>).</summary>
    public required string Id { get; init; }

    /// <summary>What it proves, in a few words.</summary>
    public required string Title { get; init; }

    /// <summary>How it ended.</summary>
    public required CheckOutcome Outcome { get; init; }

    /// <summary>How many single cases (calls, samples, files) were judged.</summary>
    public int Cases { get; init; }

    /// <summary>Why it was skipped; <see langword="null"/> when it was not.</summary>
    public string? Reason { get; init; }
}

/// <summary>One thing a quality level asks for, and whether the plugin has it.</summary>
public sealed record QualityRequirement
{
    /// <summary>The level that asks for it.</summary>
    public required QualityLevel Level { get; init; }

    /// <summary>A stable id (<c>silver.limits</c>).</summary>
    public required string Id { get; init; }

    /// <summary>Whether the plugin has it.</summary>
    public required bool Met { get; init; }

    /// <summary>What is asked for; when it is not met, what exactly is missing.</summary>
    public required string Message { get; init; }

    /// <summary>What to do, when it is not met.</summary>
    public string? Hint { get; init; }

    /// <summary>Where in the manifest something is missing: JSON pointers, at most twenty.</summary>
    public IReadOnlyList<string> Pointers { get; init; } = [];
}
