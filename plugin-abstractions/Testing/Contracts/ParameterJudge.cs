using System.Text;
using IntegrationHub.Schemas;

namespace IntegrationHub.Testing.Contracts;

/// <summary>Judges what a request says outside its body: path, query, headers, cookies.</summary>
internal sealed class ParameterJudge(SchemaSet schemas, SchemaJudge judge, OperationModel operation, SchemaOutcome outcome)
{
    /// <summary>OpenAPI: these three are described elsewhere, and parameters of their names are ignored.</summary>
    private static readonly string[] IgnoredHeaders = ["Accept", "Content-Type", "Authorization"];

    public void Check(VendorRequest request, IReadOnlyDictionary<string, string> path)
    {
        foreach (var parameter in operation.Parameters.Where(parameter => parameter.In == "path"))
            CheckPath(parameter, path);

        CheckQuery(FormTree.Pairs(request.Address.Query.TrimStart('?')));
        foreach (var parameter in operation.Parameters.Where(parameter => parameter.In == "header" && !IgnoredHeaders.Contains(parameter.Name, StringComparer.OrdinalIgnoreCase)))
            CheckHeader(parameter, [.. request.Headers[parameter.Name]]);

        var cookies = request.Headers["Cookie"].SelectMany(header => header.Split(';', StringSplitOptions.TrimEntries)).Select(pair => pair.Split('=', 2)).ToLookup(pair => pair[0], pair => pair.Length > 1 ? pair[1] : "");
        foreach (var parameter in operation.Parameters.Where(parameter => parameter.In == "cookie"))
            if (!cookies.Contains(parameter.Name))
                Missing(parameter);
            else
                Value(parameter, WireValue.OfText(cookies[parameter.Name].First()));
    }

    private void CheckPath(ParameterModel parameter, IReadOnlyDictionary<string, string> path)
    {
        if (!path.TryGetValue(parameter.Name, out var text))
        {
            outcome.NotJudged.Add(new NotUnderstood(parameter.Spot.Place, parameter.Name, "The path's template has no such parameter."));
            return;
        }

        if (parameter.ContentType is null && parameter.Style != "simple")
            outcome.NotJudged.Add(new NotUnderstood(parameter.Spot.Place, $"style {parameter.Style}", "Values of a path in this style are not judged."));
        else
            Value(parameter, new WireValue { Kind = WireKind.Text, Text = text, Delimiter = ',' });
    }

    private void CheckHeader(ParameterModel parameter, IReadOnlyList<string> values)
    {
        if (values.Count == 0)
            Missing(parameter);
        else
            Value(parameter, new WireValue { Kind = WireKind.Text, Text = string.Join(", ", values), Delimiter = ',' });
    }

    private void CheckQuery(List<KeyValuePair<string, string>> pairs)
    {
        var parameters = operation.Parameters.Where(parameter => parameter.In == "query").ToList();
        var credentials = operation.Security?.SelectMany(way => way).Where(credential => credential is { Type: "apiKey", In: "query" }).Select(credential => credential.Name!) ?? [];
        var left = pairs.FindAll(pair => !credentials.Contains(pair.Key));
        var open = false;
        foreach (var parameter in parameters.OrderBy(parameter => IsSpread(parameter)))
        {
            var own = left.FindAll(pair => pair.Key == parameter.Name);
            left.RemoveAll(pair => pair.Key == parameter.Name);
            if (own.Count > 0)
                Value(parameter, Together(parameter, own));
            else if (parameter.Style == "deepObject" && left.Exists(pair => FormTree.Parts(pair.Key) is { Count: > 1 } parts && parts[0] == parameter.Name))
                Value(parameter, Tree(parameter, left));
            else if (IsSpread(parameter))
                open |= Spread(parameter, left);
            else if (left.Find(pair => FormTree.Parts(pair.Key) is { Count: > 1 } parts && parts[0] == parameter.Name) is { Key: not null } bracketed)
                Bracketed(parameter, bracketed.Key, left);
            else
                Missing(parameter);
        }

        if (open)
            return;

        foreach (var name in left.Select(pair => pair.Key).Distinct())
            outcome.Add(
                ViolationKind.UnknownName, PointerText.Append("/query", name), $"The query parameter {SchemaOutcome.Quote(name)} is not known.", operation.Operation.Place,
                Nearest.Hint(name, parameters.ConvertAll(parameter => parameter.Name)));
    }

    /// <summary>Whether the parameter is an object whose properties are parameters themselves (<c>style: form</c>, exploded).</summary>
    private bool IsSpread(ParameterModel parameter) =>
        parameter is { In: "query", Style: "form", Explode: true, ContentType: null, Schema: { } schema } && judge.TypesOf(schemas.Get(schema)) is ["object"];

    /// <summary>Takes the properties of such an object out of the query. Whether it takes any name at all.</summary>
    private bool Spread(ParameterModel parameter, List<KeyValuePair<string, string>> left)
    {
        var (names, open) = judge.NamesOf(schemas.Get(parameter.Schema!.Value));
        open |= names.Count == 0;
        var own = open ? left.ToList() : left.FindAll(pair => names.Contains(FormTree.Parts(pair.Key)[0]));
        left.RemoveAll(own.Contains);
        if (own.Count == 0 && !parameter.Required)
            return open;

        var tree = new FormTree();
        foreach (var (name, value) in own)
            tree.Add(FormTree.Parts(name).ToArray(), new WireValue { Kind = WireKind.Text, Text = value, IsListOfOne = true });

        // Its properties stand at the top of the query, and so do their pointers.
        var found = own.Count == 0 ? WireValue.OfObject([]) : tree.Value(value => value);
        outcome.TakeFindings(judge.Value(parameter.Schema!.Value, found, "/query"));
        return open;
    }

    private WireValue Tree(ParameterModel parameter, List<KeyValuePair<string, string>> left)
    {
        var tree = new FormTree();
        foreach (var pair in left.ToList())
            if (FormTree.Parts(pair.Key) is { Count: > 1 } parts && parts[0] == parameter.Name)
            {
                tree.Add(parts.Skip(1).ToArray(), WireValue.OfText(pair.Value));
                left.Remove(pair);
            }

        return tree.Value(value => value);
    }

    private void Bracketed(ParameterModel parameter, string given, List<KeyValuePair<string, string>> left)
    {
        left.RemoveAll(pair => FormTree.Parts(pair.Key)[0] == parameter.Name);
        outcome.Add(
            ViolationKind.WrongEncoding, PointerText.Append("/query", parameter.Name), $"The parameter is written with brackets ({SchemaOutcome.Quote(given)}), and the description does not.", parameter.Spot.Place,
            parameter.Explode ? $"Repeat the name: {parameter.Name}=a&{parameter.Name}=b." : $"Separate the values: {parameter.Name}=a{Shown(Delimiter(parameter))}b.");
    }

    private static WireValue Together(ParameterModel parameter, List<KeyValuePair<string, string>> own)
    {
        if (own.Count > 1)
            return new WireValue { Kind = WireKind.Repeated, Items = [.. own.Select(pair => WireValue.OfText(pair.Value))] };

        return new WireValue
        {
            Kind = WireKind.Text,
            Text = own[0].Value,
            IsListOfOne = parameter is { Style: not "deepObject", Explode: true },
            Delimiter = parameter.Explode ? '\0' : Delimiter(parameter),
        };
    }

    private static char Delimiter(ParameterModel parameter) => parameter.Style switch
    {
        "spaceDelimited" => ' ',
        "pipeDelimited" => '|',
        "tabDelimited" => '\t',
        "deepObject" => '\0',
        _ => ',',
    };

    private static string Shown(char delimiter) => delimiter switch { ' ' => "%20", '\t' => "%09", '|' => "|", _ => "," };

    private void Value(ParameterModel parameter, WireValue value)
    {
        var pointer = PointerText.Append("/" + parameter.In, parameter.Name);
        if (parameter.Schema is null || (parameter.AllowsEmpty && value is { Kind: WireKind.Text, Text.Length: 0 }))
            return;

        if (parameter.ContentType is { } type)
        {
            if (!MediaTypes.IsJson(type))
            {
                outcome.NotJudged.Add(new NotUnderstood(parameter.Spot.Place, type, "Parameters in this media type are not judged."));
                return;
            }

            if (WireValue.TryParseJson(Encoding.UTF8.GetBytes(value.Text), out _) is not { } json)
            {
                outcome.Add(ViolationKind.WrongEncoding, pointer, "The parameter must be JSON.", parameter.Spot.Place);
                return;
            }

            value = json;
        }
        else if (value.Kind == WireKind.Repeated && !parameter.Explode && parameter.Style != "deepObject")
        {
            outcome.Add(
                ViolationKind.WrongEncoding, pointer, "The parameter is repeated, and the description separates its values.", parameter.Spot.Place,
                $"Write {parameter.Name}=a{Shown(Delimiter(parameter))}b.");
            return;
        }

        outcome.TakeFindings(judge.Value(parameter.Schema.Value, value, pointer));
    }

    private void Missing(ParameterModel parameter)
    {
        if (parameter.Required)
            outcome.Add(ViolationKind.Missing, PointerText.Append("/" + parameter.In, parameter.Name), $"The {parameter.In} parameter {SchemaOutcome.Quote(parameter.Name)} is required.", parameter.Spot.Place);
    }
}
