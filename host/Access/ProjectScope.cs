using IntegrationHub.Host.Http;
using IntegrationHub.Schemas;

namespace IntegrationHub.Host.Access;

/// <summary>Which project and environment a new thing belongs to.</summary>
internal static class ProjectScope
{
    public const string DefaultProject = "default";
    public const string DefaultEnvironment = "prod";

    /// <summary>The project named, else the only one the key sees, else <c>default</c>.</summary>
    /// <exception cref="ProblemException">The key may not see the project, or the name is not well formed.</exception>
    public static string Project(Caller caller, string? named)
    {
        var project = named ?? (caller.Projects is { Count: 1 } only ? only.Single() : DefaultProject);
        if (!ProjectName.IsValid(project))
            throw Problem.Invalid("The project is not valid.", new ValidationIssue("/project", $"A project's name has {ProjectName.Rule}.")).ToException();
        if (!caller.CanSee(project))
            throw caller.Refusal(project).ToException();
        return project;
    }

    public static ValidationIssue? CheckEnvironment(string? environment) =>
        environment is null or "dev" or "staging" or "prod" ? null : new("/environment", "There is no such environment.", "One of dev, staging, prod.");
}
