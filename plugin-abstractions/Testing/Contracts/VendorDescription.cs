using System.Collections.Concurrent;

namespace IntegrationHub.Testing.Contracts;

/// <summary>
/// A vendor's own description of its API: OpenAPI 3.0 or 3.1, or Swagger 2.0, as JSON or YAML, in one file or several. Files are parsed once; operations and schemas are read when a
/// message first needs them. Whatever is not understood is named in <see cref="NotUnderstood"/> and makes the messages that it concerns "not judged". Thread-safe.
/// </summary>
internal sealed class VendorDescription
{
    private readonly DescriptionFiles files;
    private readonly SchemaSet schemas;
    private readonly PathTable paths;
    private readonly List<NotUnderstood> odd;
    private readonly Dictionary<VendorOperation, OperationEntry> entries;
    private readonly ConcurrentDictionary<VendorOperation, OperationModel> models = new();

    private VendorDescription(IReadOnlyList<DescriptionFile> read, List<NotUnderstood> odd)
    {
        this.odd = odd;
        files = new DescriptionFiles(read);
        schemas = new SchemaSet(files);
        paths = new PathTable(files, odd);
        entries = paths.Entries.DistinctBy(entry => entry.Operation).ToDictionary(entry => entry.Operation);
        Versions = [.. read.Select(file => file.Root.Get("info")?.Text("version")).OfType<string>().Where(version => version.Length > 0).Distinct()];
    }

    /// <summary>The versions (<c>info.version</c>) that its files state.</summary>
    public IReadOnlyList<string> Versions { get; }

    /// <summary>Every operation, in the order of the files.</summary>
    public IEnumerable<VendorOperation> Operations => paths.Entries.Select(entry => entry.Operation);

    /// <summary>What was found so far that is not understood; grows with what is judged.</summary>
    public IReadOnlyList<NotUnderstood> NotUnderstood =>
        [.. odd.Concat(schemas.Odd).Concat(models.Values.SelectMany(model => model.Blocks.Select(block => block.What))).Distinct().OrderBy(one => one.Place, StringComparer.Ordinal)];

    /// <inheritdoc cref="LoadAsync(IReadOnlyList{string}, CancellationToken)" />
    public static Task<VendorDescription> LoadAsync(string path, CancellationToken cancellationToken) => LoadAsync([path], cancellationToken);

    /// <summary>Reads a description. A file that cannot be read, or is no description, is named in <see cref="NotUnderstood"/>; it is no exception.</summary>
    public static async Task<VendorDescription> LoadAsync(IReadOnlyList<string> paths, CancellationToken cancellationToken)
    {
        var (read, odd) = (new List<DescriptionFile>(), new List<NotUnderstood>());
        foreach (var path in paths)
        {
            try
            {
                var file = await DescriptionFile.ReadAsync(path, cancellationToken);

                // What is no description itself may still be what another file refers to.
                read.Add(file);
                if (file.Dialect == DescriptionDialect.None && paths.Count == 1)
                    odd.Add(new NotUnderstood($"{file.Name}#", "file", "It is neither OpenAPI 3.0 or 3.1 nor Swagger 2.0."));
            }
            catch (Exception fault) when (fault is not OperationCanceledException)
            {
                odd.Add(new NotUnderstood($"{Path.GetFileName(path)}#", "file", $"It cannot be read. {fault.Message}"));
            }
        }

        return new VendorDescription(read, odd);
    }

    /// <summary>Judges a request.</summary>
    public ContractVerdict Check(VendorRequest request)
    {
        if (paths.Entries.Count == 0)
            return new ContractVerdict(null, [], [new NotUnderstood("#/paths", "paths", "The description has no operations.")]);

        var method = request.Method.ToUpperInvariant();
        var found = paths.Find(request.Address);
        if (found.Count == 0)
            return Refused(ViolationKind.UnknownPath, "/path", $"The description has no path like {request.Address.AbsolutePath}.", paths.Nearest(method, request.Address) is { } near ? $"Did you mean {near}?" : null);

        // Where the most specific path has no such method, a server hands the request to the next that has.
        var fitting = found.FindAll(match => match.Entry.Operation.Method == method);
        if (fitting.Count == 0)
            return Refused(
                ViolationKind.UnknownMethod, "/method", $"{found[0].Template} has no {method}.",
                $"Known: {string.Join(", ", found.Where(match => match.Template.CompareTo(found[0].Template) == 0).Select(match => match.Entry.Operation.Method).Distinct())}.", found[0].Entry.Path.Place);

        var equals = fitting.FindAll(match => match.Template.CompareTo(fitting[0].Template) == 0).ConvertAll(match => Judge(request, match));
        return equals.MinBy(verdict => verdict.Errors.Count())!;
    }

    /// <summary>Judges an answer to one of the description's operations, as a simulator gives it.</summary>
    public ContractVerdict CheckAnswer(VendorOperation operation, VendorAnswer answer) =>
        Guarded(operation, () =>
        {
            var model = Model(entries[operation]);
            var outcome = new SchemaOutcome();
            outcome.NotJudged.AddRange(model.Blocks.Where(block => block.Direction == Direction.Answer).Select(block => block.What));
            AnswerJudge.Check(schemas, model, answer, outcome);
            return outcome;
        });

    private ContractVerdict Judge(VendorRequest request, PathMatch match) =>
        Guarded(match.Entry.Operation, () =>
        {
            var model = Model(match.Entry);
            var outcome = new SchemaOutcome();
            outcome.NotJudged.AddRange(model.Blocks.Where(block => block.Direction == Direction.Request).Select(block => block.What));
            CheckHost(request, match.Entry, outcome);
            var judge = new SchemaJudge(schemas, Direction.Request);
            new ParameterJudge(schemas, judge, model, outcome).Check(request, match.Values, match.Entry.Query);
            new BodyJudge(judge, outcome).CheckRequest(request, model);
            SecurityJudge.Check(request, model, outcome);
            return outcome;
        });

    private static void CheckHost(VendorRequest request, OperationEntry entry, SchemaOutcome outcome)
    {
        if (!request.Address.IsLoopback && entry.Servers.Count > 0 && entry.Servers.All(server => server is { HasHost: true, HasVariableHost: false }) && !entry.IsHost(request.Address))
            outcome.Add(
                ViolationKind.UnknownHost, "/host", $"The description does not have the host {request.Address.Host}.", entry.Operation.Place,
                $"Known: {string.Join(", ", entry.Servers.Select(server => server.Url).Take(6))}.", ViolationSeverity.Warning);
    }

    private static ContractVerdict Refused(ViolationKind kind, string pointer, string message, string? hint, string place = "#/paths") =>
        new(null, [new ContractViolation(kind, ViolationSeverity.Error, pointer, message, place, hint)], []);

    /// <summary>Whatever goes wrong while a strange description is followed leaves the message unjudged, and says so.</summary>
    private static ContractVerdict Guarded(VendorOperation operation, Func<SchemaOutcome> judge)
    {
        try
        {
            var outcome = judge();
            return new ContractVerdict(operation, [.. outcome.Violations.Distinct()], [.. outcome.NotJudged.Distinct()]);
        }
        catch (TooComplexException)
        {
            return new ContractVerdict(operation, [], [new NotUnderstood(operation.Place, "schema", "Schema and message together are too complex to judge.")]);
        }
        catch (Exception fault)
        {
            return new ContractVerdict(operation, [], [new NotUnderstood(operation.Place, fault.GetType().Name, $"The description cannot be followed. {fault.Message}")]);
        }
    }

    private OperationModel Model(OperationEntry entry) => models.GetOrAdd(entry.Operation, _ => OperationReader.Read(files, schemas, entry.Path, entry.Spot, entry.Operation));
}
