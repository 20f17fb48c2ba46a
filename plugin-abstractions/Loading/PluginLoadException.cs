using IntegrationHub.Schemas;

namespace IntegrationHub.Loading;

/// <summary>A plugin cannot be loaded, for reasons its author or operator can act on.</summary>
internal sealed class PluginLoadException(params IReadOnlyList<ValidationIssue> issues) : Exception(issues[0].Message)
{
    public PluginLoadException(string pointer, string message, string? hint = null)
        : this(new ValidationIssue(pointer, message, hint))
    {
    }

    public IReadOnlyList<ValidationIssue> Issues { get; } = issues;
}
