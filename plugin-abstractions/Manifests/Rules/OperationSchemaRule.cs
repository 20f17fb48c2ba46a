namespace IntegrationHub.Manifests.Rules;

/// <summary>Parameters and results are described by sound schemas.</summary>
internal sealed class OperationSchemaRule : IManifestRule
{
    public void Check(ManifestDraft draft, ManifestFindings findings)
    {
        foreach (var operation in draft.Operations)
        {
            var parameters = operation.Place["params"];
            SchemaChecks.Object(parameters, findings);
            SchemaChecks.Any(operation.Place["result"], findings);
            if (!operation.Params.Open)
                foreach (var name in operation.Params.Required.Where(name => !operation.Params.Has(name)))
                    findings.Error(parameters["required"].Pointer, $"The required parameter \"{name}\" is not described.", operation.Params.Hint(name));
        }
    }
}
