using System.Globalization;
using System.Text.Json;
using IntegrationHub.Host.Access;
using IntegrationHub.Host.Http;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;

namespace IntegrationHub.Host.Hosting;

/// <summary>What the API description says beyond what the endpoints' types tell: who may call, what the query takes, and how errors look.</summary>
internal static class ApiDescriptionRules
{
    private const string KeyScheme = "apiKey";
    private const string ProblemSchema = "Problem";
    private const string ProblemType = "application/problem+json";

    public static void Describe(OpenApiOperation operation, OpenApiOperationTransformerContext context)
    {
        var metadata = context.Description.ActionDescriptor.EndpointMetadata;
        foreach (var parameter in metadata.OfType<QueryParameter>())
            (operation.Parameters ??= []).Add(new OpenApiParameter
            {
                Name = parameter.Name,
                In = ParameterLocation.Query,
                Required = parameter.Required,
                Description = parameter.Description,
                Schema = new OpenApiSchema { Type = JsonSchemaType.String },
            });

        if (metadata.OfType<RequiredRole>().LastOrDefault() is not { } required)
            return;

        operation.Security ??= [];
        operation.Security.Add(new OpenApiSecurityRequirement { [new OpenApiSecuritySchemeReference(KeyScheme, context.Document)] = [] });
        operation.Description = $"{operation.Description}\n\nNeeds the role `{JsonNamingPolicy.SnakeCaseLower.ConvertName(required.Role.ToString())}` or above{(metadata.OfType<HubWide>().Any() ? ", and a key that is not limited to projects" : "")}.".Trim();
        operation.Responses ??= [];
        foreach (var (status, meaning) in new[] { (401, "No key, or one that is not known"), (403, "The key may not do this"), (429, "Too many unknown keys from this address") })
            operation.Responses.TryAdd(status.ToString(CultureInfo.InvariantCulture), Refusal(meaning));

        operation.Responses.TryAdd("default", Refusal("An error"));
    }

    public static void Describe(OpenApiDocument document)
    {
        document.Info = new OpenApiInfo
        {
            Title = "Integration Hub",
            Version = "v1",
            Description = "One API for every provider: connections, operations, webhooks, events, deliveries. Errors are problem details (RFC 9457).",
        };
        document.Components ??= new OpenApiComponents();
        document.Components.SecuritySchemes ??= new Dictionary<string, IOpenApiSecurityScheme>();
        document.Components.SecuritySchemes[KeyScheme] = new OpenApiSecurityScheme { Type = SecuritySchemeType.Http, Scheme = "bearer", Description = "An API key (`hub_…`)." };

        document.Components.Schemas ??= new Dictionary<string, IOpenApiSchema>();
        document.Components.Schemas.Remove("ProblemDetails");
        document.Components.Schemas[ProblemSchema] = Problem();
        foreach (var operation in document.Paths.Values.SelectMany(path => path.Operations?.Values.ToArray() ?? []))
            foreach (var response in operation.Responses?.Values.ToArray() ?? [])
                if (response.Content?.TryGetValue(ProblemType, out var content) == true)
                    content.Schema = new OpenApiSchemaReference(ProblemSchema, document);
    }

    private static OpenApiResponse Refusal(string meaning) =>
        new() { Description = meaning, Content = new Dictionary<string, OpenApiMediaType> { [ProblemType] = new() } };

    // Not generated: the type that holds a problem leaves the correlation id and further members to the moment of answering.
    private static OpenApiSchema Problem() => new()
    {
        Type = JsonSchemaType.Object,
        Description = "Problem details (RFC 9457). Errors of operations have more members: `provider`, `outcomeUnknown`.",
        Required = new HashSet<string> { "type", "title", "status", "code", "correlationId" },
        Properties = new Dictionary<string, IOpenApiSchema>
        {
            ["type"] = Text("A URI that ends in the code."),
            ["title"] = Text("What kind of error it is."),
            ["status"] = new OpenApiSchema { Type = JsonSchemaType.Integer, Description = "The HTTP status." },
            ["code"] = Text("The kind of error, for programs."),
            ["detail"] = Text("What happened."),
            ["correlationId"] = Text("Ties the answer to the hub's log; also in X-Correlation-Id."),
            ["errors"] = new OpenApiSchema
            {
                Type = JsonSchemaType.Array,
                Items = new OpenApiSchema
                {
                    Type = JsonSchemaType.Object,
                    Required = new HashSet<string> { "pointer", "message" },
                    Properties = new Dictionary<string, IOpenApiSchema>
                    {
                        ["pointer"] = Text("Where, as a JSON pointer."),
                        ["message"] = Text("What is wrong."),
                        ["hint"] = new OpenApiSchema { Type = JsonSchemaType.String | JsonSchemaType.Null, Description = "What to do." },
                    },
                },
            },
        },
    };

    private static OpenApiSchema Text(string description) => new() { Type = JsonSchemaType.String, Description = description };
}
