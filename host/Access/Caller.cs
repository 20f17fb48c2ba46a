namespace IntegrationHub.Host.Access;

/// <summary>Who is asking: the API key of this request.</summary>
/// <param name="KeyId">The key's id, or <c>bootstrap</c>.</param>
/// <param name="Name">The key's name, for the audit.</param>
/// <param name="Role">What it may do.</param>
/// <param name="Projects">The projects it may see; <see langword="null"/> for all.</param>
internal sealed record Caller(string KeyId, string Name, HubRole Role, IReadOnlySet<string>? Projects)
{
    /// <summary>The address the request came from, for the audit.</summary>
    public string? Address { get; init; }

    /// <summary>The hub itself: start-up, workers, command line.</summary>
    public static Caller System { get; } = new("system", "hub", HubRole.Admin, null);

    /// <summary>The answer to naming a project for something new: one and the same for projects that are and that are not.</summary>
    public Http.Problem Refusal(string project) => Http.Problem.Forbidden($"This key may not use the project '{project}'.");

    /// <summary>The projects that a list shows: those it may see, or of these the one that was asked for. One that it may not see has nothing in it.</summary>
    public IReadOnlySet<string>? Within(string? project) => project is null ? Projects : CanSee(project) ? new HashSet<string> { project } : new HashSet<string>();

    public bool CanSee(string project) => Projects is null || Projects.Contains(project);
}
