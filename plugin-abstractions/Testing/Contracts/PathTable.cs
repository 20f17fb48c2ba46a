namespace IntegrationHub.Testing.Contracts;

/// <summary>An operation as it stands in its file, not read yet.</summary>
internal sealed record OperationEntry(VendorOperation Operation, Spot Path, Spot Spot, IReadOnlyList<ServerAddress> Servers, IReadOnlyList<PathTemplate> Templates, PathTemplate Bare)
{
    /// <summary>Whether the path fits, with a base path or, where the host is not the vendor's own, without.</summary>
    public Dictionary<string, string>? Match(Uri address, IReadOnlyList<string> path, out PathTemplate? matched)
    {
        foreach (var template in Templates)
            if (template.Match(path) is { } values)
            {
                matched = template;
                return values;
            }

        matched = Bare;
        return IsHost(address) ? null : Bare.Match(path);
    }

    public bool IsHost(Uri address) => Servers.Any(server => server.IsHost(address));
}

/// <summary>An operation that a request may be meant for.</summary>
internal sealed record PathMatch(OperationEntry Entry, PathTemplate Template, IReadOnlyDictionary<string, string> Values);

/// <summary>The paths of a description and the search among them. Immutable, thread-safe.</summary>
internal sealed class PathTable
{
    private static readonly string[] Methods = ["get", "put", "post", "delete", "options", "head", "patch", "trace", "query"];
    private readonly List<OperationEntry> entries = [];

    public PathTable(DescriptionFiles files, ICollection<NotUnderstood> odd)
    {
        foreach (var file in files.All)
            Read(files, file, odd);
    }

    public IReadOnlyList<OperationEntry> Entries => entries;

    /// <summary>The operations whose path fits, the most specific first: of the vendor's own host, then literal before parameter. Equally specific ones all.</summary>
    public List<PathMatch> Find(Uri address)
    {
        var path = PathTemplate.Split(address.AbsolutePath);
        var found = new List<PathMatch>();
        foreach (var entry in entries)
            if (entry.Match(address, path, out var template) is { } values)
                found.Add(new PathMatch(entry, template!, values));

        var own = found.FindAll(match => match.Entry.IsHost(address));
        if (own.Count > 0)
            found = own;

        found.Sort((left, right) => right.Template.CompareTo(left.Template));
        return found;
    }

    /// <summary>The template that comes nearest to a path, if any comes near.</summary>
    public PathTemplate? Nearest(string method, Uri address)
    {
        var path = PathTemplate.Split(address.AbsolutePath);
        var candidates = entries.SelectMany(entry => (entry.IsHost(address) ? entry.Templates : [entry.Bare, .. entry.Templates]).Select(template => (entry, template))).ToList();
        if (candidates.Count == 0)
            return null;

        // A template of parameters alone is near to everything, and helps nobody.
        var (nearest, distance) = candidates.Select(candidate => (candidate.template, distance: candidate.template.Distance(path) + (candidate.entry.Operation.Method == method ? 0 : 0.2))).MinBy(candidate => candidate.distance);
        return distance <= Math.Max(1.2, path.Length * 0.4) ? nearest : null;
    }

    private void Read(DescriptionFiles files, DescriptionFile file, ICollection<NotUnderstood> odd)
    {
        var servers = file.Dialect == DescriptionDialect.Swagger2 ? OldServers(file.Root) : Servers(file.Root) ?? [];
        foreach (var (template, given) in file.Root.Get("paths")?.Members() ?? [])
        {
            if (!template.StartsWith('/'))
            {
                if (!template.StartsWith("x-", StringComparison.Ordinal))
                    odd.Add(new NotUnderstood(given.Place, "path", "It does not begin with a slash; it is ignored."));

                continue;
            }

            if (template.IndexOfAny(['?', '#']) >= 0)
            {
                odd.Add(new NotUnderstood(given.Place, "path", "It has a query or a fragment; it is ignored."));
                continue;
            }

            if (files.Follow(given, out var problem) is not { } path)
            {
                odd.Add(problem!);
                continue;
            }

            foreach (var (name, operation) in path.Members().Where(member => Methods.Contains(member.Name) && member.Spot.IsObject))
                Add(template, path, name, operation, Servers(operation) ?? Servers(path) ?? servers);
        }
    }

    private void Add(string template, Spot path, string method, Spot operation, IReadOnlyList<ServerAddress> servers)
    {
        var bare = new PathTemplate(template);
        var named = new VendorOperation(method.ToUpperInvariant(), template, operation.Text("operationId"), operation.Place);
        List<PathTemplate> templates = [.. servers.Select(server => server.BasePath).Distinct().Select(based => based.Length == 0 ? bare : new PathTemplate(based + template))];
        entries.Add(new OperationEntry(named, path, operation, servers, templates.Count > 0 ? templates : [bare], bare));
    }

    private static List<ServerAddress>? Servers(Spot holder) =>
        holder.TryGet("servers", out var servers) && servers.Items().Select(server => server.Text("url")).OfType<string>().Select(url => new ServerAddress(url)).ToList() is { Count: > 0 } list ? list : null;

    private static List<ServerAddress> OldServers(Spot root)
    {
        var (host, basePath) = (root.Text("host"), root.Text("basePath") ?? "");
        return host is null && basePath.Length == 0 ? [] : [new ServerAddress((host is null ? "" : "https://" + host) + basePath)];
    }
}
