namespace IntegrationHub.Host.Cli;

internal enum FindingKind
{
    Error,
    Warning,
}

/// <summary>One thing that is wrong with a plugin, and where.</summary>
/// <param name="Kind">How serious it is.</param>
/// <param name="File">The file, in full; the plugin's folder when it is about no single file.</param>
/// <param name="Line">From 1; <see langword="null"/> when it is about the whole file.</param>
/// <param name="Column">From 1, in characters.</param>
/// <param name="Pointer">A JSON pointer into the file; empty for the whole.</param>
/// <param name="Message">What is wrong.</param>
/// <param name="Hint">What to do.</param>
internal sealed record CliFinding(FindingKind Kind, string File, int? Line, int? Column, string Pointer, string Message, string? Hint)
{
    /// <summary>The check of the conformance kit that found it.</summary>
    public string? Check { get; init; }
}
