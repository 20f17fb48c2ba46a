using System.Net.Mime;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;
using IntegrationHub.Host.Catalog;
using IntegrationHub.Manifests;
using IntegrationHub.Templates;
using IntegrationHub.Webhooks;

namespace IntegrationHub.Host.Webhooks;

/// <summary>What a provider expects as the answer to a webhook that was taken, made once per loaded provider. Immutable and thread-safe.</summary>
internal sealed class WebhookReply
{
    // Weak: a provider that was replaced takes its reply with it.
    private static readonly ConditionalWeakTable<LoadedProvider, WebhookReply> Replies = [];

    private readonly ChallengeResponse fixedAnswer;
    private readonly Template? template;
    private readonly bool isText;

    private WebhookReply(RespondManifest? respond)
    {
        var body = respond?.Body is { ValueKind: not (JsonValueKind.Null or JsonValueKind.Undefined) } given ? given : (JsonElement?)null;
        isText = body is null or { ValueKind: JsonValueKind.String };
        var contentType = respond?.ContentType ?? (isText ? MediaTypeNames.Text.Plain : MediaTypeNames.Application.Json);
        template = body is { } some ? Template.Compile(some) : null;
        fixedAnswer = new ChallengeResponse(respond?.Status ?? StatusCodes.Status200OK, "", contentType);
        if (template is { References.Count: 0 })
        {
            fixedAnswer = fixedAnswer with { Body = Render(template, default) };
            template = null;
        }
    }

    public static WebhookReply Of(LoadedProvider provider) => Replies.GetValue(provider, static loaded => new WebhookReply(loaded.Manifest.Webhooks?.Respond));

    /// <summary>The answer to a request; placeholders see the request's body and nothing else.</summary>
    public ChallengeResponse For(WebhookRequest request)
    {
        if (template is null)
            return fixedAnswer;

        try
        {
            using var body = JsonDocument.Parse(request.Body);
            return fixedAnswer with { Body = Render(template, body.RootElement) };
        }
        catch (Exception exception) when (exception is JsonException or TemplateException)
        {
            // The event is kept; a form, or a body without the value, is no reason to have it sent again.
            return fixedAnswer;
        }
    }

    public static async Task WriteAsync(HttpContext context, ChallengeResponse answer, CancellationToken cancellationToken)
    {
        var response = context.Response;
        response.StatusCode = answer.Status;
        response.Headers.XContentTypeOptions = "nosniff";
        if (answer.Body.Length == 0)
            return;

        var bytes = Encoding.UTF8.GetBytes(answer.Body);
        response.ContentType = answer.ContentType;
        response.ContentLength = bytes.Length;
        await response.Body.WriteAsync(bytes, cancellationToken);
    }

    private string Render(Template some, JsonElement body)
    {
        var scope = new BodyScope(body);
        return isText ? some.RenderText(scope) ?? "" : some.Render(scope)?.ToJsonString() ?? "";
    }

    private sealed class BodyScope(JsonElement body) : ITemplateScope
    {
        public bool TryGetRoot(string name, out JsonElement value)
        {
            value = body;
            return name.Length == 0 && body.ValueKind != JsonValueKind.Undefined;
        }
    }
}
