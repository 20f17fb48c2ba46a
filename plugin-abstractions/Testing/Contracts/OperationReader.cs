using System.Text.Json;

namespace IntegrationHub.Testing.Contracts;

/// <summary>Reads one operation of a description, in any dialect. Throws nothing, whatever stands there.</summary>
internal sealed class OperationReader
{
    private readonly DescriptionFiles files;
    private readonly SchemaSet schemas;
    private readonly Spot path;
    private readonly Spot operation;
    private readonly bool old;
    private readonly List<(Direction, NotUnderstood)> blocks = [];

    private OperationReader(DescriptionFiles files, SchemaSet schemas, Spot path, Spot operation)
    {
        this.files = files;
        this.schemas = schemas;
        this.path = path;
        this.operation = operation;
        old = operation.File.Dialect == DescriptionDialect.Swagger2;
    }

    private Spot Document => operation.File.Root;

    public static OperationModel Read(DescriptionFiles files, SchemaSet schemas, Spot path, Spot operation, VendorOperation name) =>
        new OperationReader(files, schemas, path, operation).Read(name);

    private OperationModel Read(VendorOperation name)
    {
        // An operation's parameter replaces the path's of the same name and place.
        var parameters = new Dictionary<(string? In, string? Name), Spot>();
        foreach (var given in Listed(path, "parameters").Concat(Listed(operation, "parameters")))
            if (Followed(given, Direction.Request) is { } parameter)
                parameters[(parameter.Text("in"), parameter.Text("name"))] = parameter;

        return new OperationModel
        {
            Operation = name,
            Parameters = [.. parameters.Values.Where(parameter => parameter.Text("in") is not ("body" or "formData")).Select(Parameter).OfType<ParameterModel>()],
            Body = old ? OldBody([.. parameters.Values]) : NewBody(),
            Responses = [.. operation.Get("responses")?.Members().Where(member => !member.Name.StartsWith("x-", StringComparison.Ordinal)).Select(member => Response(member.Name, member.Spot)).OfType<ResponseModel>() ?? []],
            Security = Security(),
            Blocks = blocks,
        };
    }

    private static IEnumerable<Spot> Listed(Spot from, string name) => from.Get(name)?.Items() ?? [];

    private Spot? Followed(Spot spot, Direction direction)
    {
        var found = files.Follow(spot, out var problem);
        if (problem is not null)
            blocks.Add((direction, problem));

        return found;
    }

    private ParameterModel? Parameter(Spot spot)
    {
        if (spot.Text("name") is not { } name || spot.Text("in") is not ("path" or "query" or "header" or "cookie") || spot.Text("in") is not { } place)
        {
            blocks.Add((Direction.Request, new NotUnderstood(spot.Place, "parameter", "It has no name, or no place that is known.")));
            return null;
        }

        var required = spot.IsTrue("required") || place == "path";
        if (old)
        {
            var (oldStyle, oldExplode) = spot.Text("collectionFormat") switch
            {
                "ssv" => ("spaceDelimited", false),
                "tsv" => ("tabDelimited", false),
                "pipes" => ("pipeDelimited", false),
                "multi" => ("form", true),
                _ => (place is "path" or "header" ? "simple" : "form", false),
            };
            return new ParameterModel(name, place, required, spot, oldStyle, oldExplode, null, spot.IsTrue("allowEmptyValue"), spot);
        }

        var content = spot.Get("content")?.Members().FirstOrDefault();
        var style = spot.Text("style") ?? (place is "path" or "header" ? "simple" : "form");
        var explode = spot.TryGet("explode", out var given) ? given.Element.ValueKind == JsonValueKind.True : style == "form";
        var schema = content is { Name: not null } media ? media.Spot.Get("schema") : spot.Get("schema");
        return new ParameterModel(name, place, required, schema, style, explode, content?.Name, spot.IsTrue("allowEmptyValue"), spot);
    }

    private BodyModel? NewBody()
    {
        if (!operation.TryGet("requestBody", out var given) || Followed(given, Direction.Request) is not { } body)
            return null;

        return new BodyModel(body.IsTrue("required"), Content(body), body.Place);
    }

    private List<MediaModel> Content(Spot holder) =>
        [.. holder.Get("content")?.Members().Select(media => new MediaModel(media.Name, media.Spot.Get("schema") is { } schema ? schemas.Get(schema) : null, Encoding(media.Spot), media.Spot.Place)) ?? []];

    private static Dictionary<string, EncodingModel> Encoding(Spot media)
    {
        var encodings = new Dictionary<string, EncodingModel>();
        foreach (var (name, spot) in media.Get("encoding")?.Members() ?? [])
            encodings[name] = new EncodingModel(spot.Text("style"), spot.TryGet("explode", out var explode) ? explode.Element.ValueKind == JsonValueKind.True : null, spot.Text("contentType"));

        return encodings;
    }

    private BodyModel? OldBody(IReadOnlyList<Spot> parameters)
    {
        var types = MediaTypes("consumes");
        if (parameters.FirstOrDefault(parameter => parameter.Text("in") == "body") is { File: not null } body)
        {
            var schema = body.Get("schema") is { } spot ? schemas.Get(spot) : null;
            return new BodyModel(body.IsTrue("required"), [.. (types.Count > 0 ? types : ["application/json"]).Select(type => new MediaModel(type, schema, new Dictionary<string, EncodingModel>(), body.Place))], body.Place);
        }

        var fields = parameters.Where(parameter => parameter.Text("in") == "formData" && parameter.Text("name") is not null).ToList();
        if (fields.Count == 0)
            return null;

        var form = new ContractSchema
        {
            Spot = operation,
            Types = ["object"],
            Properties = fields.DistinctBy(field => field.Text("name")).ToDictionary(field => field.Text("name")!),
            Required = [.. fields.Where(field => field.IsTrue("required")).Select(field => field.Text("name")!)],
        };
        var encodings = fields.DistinctBy(field => field.Text("name")).Where(field => field.Text("type") == "array").ToDictionary(
            field => field.Text("name")!,
            field => field.Text("collectionFormat") switch
            {
                "multi" => new EncodingModel("form", true, null),
                "ssv" => new EncodingModel("spaceDelimited", false, null),
                "pipes" => new EncodingModel("pipeDelimited", false, null),
                _ => new EncodingModel("form", false, null),
            });
        var wanted = types.Where(type => type.Contains("form", StringComparison.OrdinalIgnoreCase)).ToList();
        if (wanted.Count == 0)
            wanted = fields.Exists(field => field.Text("type") == "file") ? ["multipart/form-data"] : ["application/x-www-form-urlencoded", "multipart/form-data"];

        return new BodyModel(form.Required.Count > 0, [.. wanted.Select(type => new MediaModel(type, form, encodings, operation.Place))], operation.Place);
    }

    private List<string> MediaTypes(string name) =>
        [.. (operation.Get(name) ?? Document.Get(name))?.Items().Where(item => item.Element.ValueKind == JsonValueKind.String).Select(item => item.Element.GetString()!) ?? []];

    private ResponseModel? Response(string status, Spot given)
    {
        if (Followed(given, Direction.Answer) is not { } response)
            return null;

        if (!old)
            return new ResponseModel(status, Content(response), response.Place);

        var schema = response.Get("schema") is { } spot ? schemas.Get(spot) : null;
        var types = MediaTypes("produces");
        return new ResponseModel(
            status,
            schema is null ? [] : [.. (types.Count > 0 ? types : ["application/json"]).Select(type => new MediaModel(type, schema, new Dictionary<string, EncodingModel>(), response.Place))],
            response.Place);
    }

    private List<IReadOnlyList<SecurityModel>>? Security()
    {
        var requirements = operation.Get("security") ?? Document.Get("security");
        var schemes = old ? Document.Get("securityDefinitions") : Document.Get("components")?.Get("securitySchemes");
        if (requirements is null || schemes is null)
            return null;

        var ways = new List<IReadOnlyList<SecurityModel>>();
        foreach (var requirement in requirements.Value.Items())
        {
            var credentials = requirement.Members().Select(member => schemes.Value.Get(member.Name) is { } scheme ? Followed(scheme, Direction.Request) : null).ToList();

            // A way with a credential that is described nowhere can't be checked, and so nothing is.
            if (credentials.Contains(null))
                return null;

            ways.Add([.. credentials.Select(credential => Credential(credential!.Value))]);
        }

        return ways.Count == 0 ? null : ways;
    }

    private static SecurityModel Credential(Spot scheme) => scheme.Text("type") switch
    {
        "basic" => new SecurityModel("http", "basic", null, null),
        var type => new SecurityModel(type ?? "", scheme.Text("scheme")?.ToLowerInvariant(), scheme.Text("in"), scheme.Text("name")),
    };
}
