using System.Text.Json;
using IntegrationHub.Templates;

namespace IntegrationHub.Adapters.Rest;

/// <summary>One call on its way: the request, its effective parameters and the scope its templates see.</summary>
internal sealed class RestCall
{
    public RestCall(OperationRequest request, JsonElement parameters)
    {
        Request = request;
        Parameters = parameters;
        Scope = ConnectionScope(request.Connection)
            .Set("params", parameters)
            .Set("", parameters)
            .Set("idempotencyKey", request.IdempotencyKey);
    }

    public OperationRequest Request { get; }

    public ConnectionContext Connection => Request.Connection;

    /// <summary>The caller's parameters with the page to fetch put in.</summary>
    public JsonElement Parameters { get; }

    public ITemplateScope Scope { get; }

    public static TemplateScope ConnectionScope(ConnectionContext connection) => new TemplateScope()
        .Set("config", connection.Config)
        .Set("env", connection.EnvironmentValues)
        .Set("auth", connection.Auth);
}
