using System.Text;
using System.Text.Json.Nodes;
using IntegrationHub.Testing.Contracts;

namespace IntegrationHub.Testing.Tests.Contracts;

/// <summary>What was done to a request.</summary>
internal enum MutationKind
{
    Rename,
    Drop,
    WrongType,
    Path,
    Method,
    ContentType,
}

/// <summary>A request that was spoiled in one place.</summary>
/// <param name="Pointer">Where the spoiled value stands, or stood.</param>
internal sealed record Mutation(MutationKind Kind, string Pointer, VendorRequest Request)
{
    public override string ToString() => $"{Kind} {Pointer}";
}

/// <summary>Spoils a request in every place, one at a time.</summary>
internal static class Mutations
{
    private static readonly MutationKind[] OfValues = [MutationKind.Rename, MutationKind.Drop, MutationKind.WrongType];

    public static IEnumerable<Mutation> Of(VendorRequest request) =>
        [.. InQuery(request), .. IsForm(request) ? InForm(request) : [], .. IsJson(request) ? InJson(request) : [], .. OfTheWhole(request)];

    private static bool IsForm(VendorRequest request) => !request.Body.IsEmpty && MediaTypes.IsForm(request.ContentType ?? "");

    private static bool IsJson(VendorRequest request) => !request.Body.IsEmpty && MediaTypes.IsJson(request.ContentType ?? "");

    private static IEnumerable<Mutation> OfTheWhole(VendorRequest request)
    {
        var address = new UriBuilder(request.Address);
        address.Path = address.Path.TrimEnd('/') + "/nowhere/at/all";
        yield return new Mutation(MutationKind.Path, "/path", request with { Address = address.Uri });
        yield return new Mutation(MutationKind.Method, "/method", request with { Method = "TRACE" });
        if (!request.Body.IsEmpty)
            yield return new Mutation(
                MutationKind.ContentType, "/header/Content-Type",
                request with { Headers = request.Headers.SelectMany(group => group.Select(value => (group.Key, Value: group.Key == "Content-Type" ? "application/x-unheard-of" : value))).ToLookup(pair => pair.Key, pair => pair.Value, StringComparer.OrdinalIgnoreCase) });
    }

    private static IEnumerable<Mutation> InQuery(VendorRequest request)
    {
        var pairs = FormTree.Pairs(request.Address.Query.TrimStart('?'));
        foreach (var (kind, root, changed) in InPairs(pairs))
            yield return new Mutation(kind, "/query/" + root, request with { Address = new UriBuilder(request.Address) { Query = Encode(changed) }.Uri });
    }

    private static IEnumerable<Mutation> InForm(VendorRequest request)
    {
        foreach (var (kind, root, changed) in InPairs(FormTree.Pairs(Encoding.UTF8.GetString(request.Body.Span))))
            yield return new Mutation(kind, "/body/" + root, request with { Body = Encoding.UTF8.GetBytes(Encode(changed)) });
    }

    private static IEnumerable<(MutationKind Kind, string Root, List<KeyValuePair<string, string>> Changed)> InPairs(List<KeyValuePair<string, string>> pairs)
    {
        foreach (var root in pairs.Select(pair => FormTree.Parts(pair.Key)[0]).Distinct())
            foreach (var kind in OfValues)
                yield return (kind, root, [.. pairs.SelectMany(pair => FormTree.Parts(pair.Key)[0] != root ? [pair] : Changed(kind, pair, root))]);
    }

    private static IEnumerable<KeyValuePair<string, string>> Changed(MutationKind kind, KeyValuePair<string, string> pair, string root) => kind switch
    {
        MutationKind.Drop => [],
        MutationKind.Rename => [new("q" + pair.Key, pair.Value)],
        _ when pair.Key == root => [new(root + "[zz][zz]", "1")],
        _ => [new(root, "zz zz")],
    };

    private static string Encode(IEnumerable<KeyValuePair<string, string>> pairs) => string.Join('&', pairs.Select(pair => $"{Uri.EscapeDataString(pair.Key)}={Uri.EscapeDataString(pair.Value)}"));

    private static IEnumerable<Mutation> InJson(VendorRequest request)
    {
        var places = new List<string[]>();
        Walk(JsonNode.Parse(request.Body.Span), [], places);
        foreach (var place in places)
            foreach (var kind in OfValues)
            {
                var root = JsonNode.Parse(request.Body.Span)!;
                var parent = (JsonObject)place[..^1].Aggregate(root, (at, token) => at is JsonArray array ? array[int.Parse(token, null)]! : at[token]!);
                var value = parent[place[^1]];
                parent.Remove(place[^1]);
                if (kind == MutationKind.Rename)
                    parent["q" + place[^1]] = value;
                else if (kind == MutationKind.WrongType)
                    parent[place[^1]] = value is JsonObject ? 7 : value is JsonArray ? true : new JsonObject { ["zz"] = new JsonObject { ["zz"] = 1 } };

                yield return new Mutation(kind, "/body/" + string.Join('/', place), request with { Body = Encoding.UTF8.GetBytes(root.ToJsonString()) });
            }
    }

    private static void Walk(JsonNode? node, string[] place, List<string[]> places)
    {
        if (node is JsonArray array)
            foreach (var (index, item) in array.Index())
                Walk(item, [.. place, index.ToString(null, null)], places);

        if (node is not JsonObject members)
            return;

        foreach (var (name, value) in members)
        {
            places.Add([.. place, name]);
            Walk(value, [.. place, name], places);
        }
    }
}
