using IntegrationHub.Schemas;

namespace IntegrationHub.Host.Cli;

/// <summary>Ends a command with a message for whoever typed it. For what is expected to go wrong, never for faults of the program.</summary>
internal sealed class CliException(int exitCode, string code, string message, string? hint = null) : Exception(message)
{
    public int ExitCode { get; } = exitCode;

    /// <summary>A stable word for programs: <c>unreachable</c>, <c>no_key</c>, the problem's code when the hub refused.</summary>
    public string Code { get; } = code;

    public string? Hint { get; } = hint;

    /// <summary>The HTTP status, when the hub refused.</summary>
    public int? Status { get; init; }

    /// <summary>Everything that the hub found wrong.</summary>
    public IReadOnlyList<ValidationIssue> Issues { get; init; } = [];

    public static CliException Usage(string code, string message, string? hint = null) => new(CliExitCodes.Usage, code, message, hint);
}
