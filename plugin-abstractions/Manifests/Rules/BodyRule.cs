namespace IntegrationHub.Manifests.Rules;

/// <summary>A body fits its method and its kind.</summary>
internal sealed class BodyRule : IManifestRule
{
    public void Check(ManifestDraft draft, ManifestFindings findings)
    {
        foreach (var operation in draft.Operations.Where(operation => operation.Http.Exists))
        {
            var body = operation.Http["body"];
            var kind = body.Text ?? body["kind"].Text;
            var streams = operation.Place["stream"]["request"].Value.ValueKind == System.Text.Json.JsonValueKind.True;
            if (streams && kind is not ("raw" or "multipart"))
                findings.Error(operation.Place["stream"]["request"].Pointer, "A content stream needs a body of kind raw or multipart.", "Write \"body\": \"raw\" under \"http\".");

            if (kind is null)
                continue;

            if (kind != "none" && operation.Http["method"].Text is "GET" or "HEAD" && kind != "none")
                findings.Error(body.Pointer, $"A {operation.Http["method"].Text} request has no body.", "Put the parameters under \"query\", or choose another method (RFC 9110 §9.3.1).");

            CheckKind(body, kind, streams, findings);
        }
    }

    private static void CheckKind(Place body, string kind, bool streams, ManifestFindings findings)
    {
        var (hasTemplate, hasQuery) = (body["template"].Exists, body["query"].Exists);
        if (kind == "graphql" && !hasQuery)
            findings.Error(body["query"].Pointer, "A GraphQL body needs its document.", "Write body: { \"kind\": \"graphql\", \"query\": \"query($id: ID!) { … }\" }.");

        if (kind != "graphql" && hasQuery)
            findings.Error(body["query"].Pointer, "Only a GraphQL body has a document.", "Query parameters of the address stand under http.query.");

        if (kind == "none" && hasTemplate)
            findings.Error(body["template"].Pointer, "A body of kind none has no template.", "Choose json or form.");

        if (kind == "ndjson" && !hasTemplate)
            findings.Error(body["template"].Pointer, "An ndjson body needs a template that yields an array.", "Write \"template\": \"{params.lines}\".");

        if (kind == "raw" && !hasTemplate && !streams)
            findings.Error(body["template"].Pointer, "A raw body needs a template, or a content stream.", "Write \"template\": \"{params.text}\", or stream: { \"request\": true }.");
    }
}
